"""Words for tests about the live element on a page: its box, bars, badge and status."""

import re

from playwright.sync_api import Locator, Page, expect


class LiveElement:
    """The live element that can be seen on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root: Locator = page.locator("talkgen-live").locator("visible=true").first
        self.box = self.root.locator("textarea")
        self.badges = self.root.locator(".badge")
        self.status = self.root.locator(".status")

    def expect_badge(self, text: str | re.Pattern[str], seconds: float = 15) -> None:
        """Waits until the first badge says `text`."""
        expect(self.badges.first).to_have_text(text, timeout=1000 * seconds)

    def bars(self, panel: int = 0) -> list[tuple[str, str]]:
        """Label and share of each bar of a panel, the rest last."""
        rows = self.root.locator(".panel").nth(panel).locator(".bar")
        return [(row.locator(".label").inner_text(), row.locator(".share").inner_text()) for row in rows.all()]

    def tokens(self) -> list[str]:
        """The coloured parts of the prompt."""
        return self.root.locator(".mirror .token").all_text_contents()

    def has_focus(self) -> bool:
        """Whether something in the element has the focus."""
        return self.root.evaluate("element => element.shadowRoot.activeElement !== null")
