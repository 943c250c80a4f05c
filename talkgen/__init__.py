"""talkgen builds talks whose figures are computed and whose demos are alive."""

__version__ = "0.1.0"
