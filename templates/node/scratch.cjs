/**
 * Lets Marp's command keep the profile of its browser, which it never removes, in the folder TALKGEN_SCRATCH.
 *
 * TMPDIR would do, too, but for the browser itself: it makes sockets there, whose paths may have 100 characters or so.
 */
"use strict";

require("node:os").tmpdir = () => process.env.TALKGEN_SCRATCH;
