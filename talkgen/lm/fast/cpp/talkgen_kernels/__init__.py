"""The libraries that talkgen's `lm.fast.native` loads: `processor.so`, and one for each kind of processor."""
