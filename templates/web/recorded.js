/**
 * An element that begins with a recording in its attribute, and begins anew when it is given another: a page may mend its
 * elements where they stand, as Gradio does.
 */

export class RecordedElement extends HTMLElement {
  static observedAttributes = ["recording"];

  attributeChangedCallback(_name, before) {
    if (before === null || !this.isConnected) return;
    this.disconnectedCallback();
    this.connectedCallback();
  }
}
