"""Loads the installed kernels as talkgen does: the processor names a variant, which must have its functions."""

import ctypes
import sys
from importlib.util import find_spec
from pathlib import Path

folder = Path(find_spec("talkgen_kernels").origin).parent
ask = ctypes.CDLL(str(folder / "processor.so")).best_variant
ask.restype = ctypes.c_char_p
library = ctypes.CDLL(str(folder / f"{ask().decode()}.so"))
found = [library.read_transformer, library.read_recurrent, ctypes.c_int32.in_dll(library, "size_of_Model").value]
sys.stdout.write(f"{ask().decode()}: {found}\n")
