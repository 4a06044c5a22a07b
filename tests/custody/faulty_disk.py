"""A disk that fails when it is told to: SQLite's own VFS with a write, a cut or a flush of its files in front of it.

SQLite reaches every file through a table of C functions. The functions here stand in that table before the real ones:
they count what is asked of the disk and, at the n-th time, refuse it as the real ones do when the kernel does. All else
is SQLite's own code and real files. A process that has installed it opens every ledger through it.
"""

import _sqlite3
import ctypes
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass, field
from enum import Enum

OK, FULL = 0, 13
IOERR_WRITE, IOERR_FSYNC, IOERR_TRUNCATE = 10 | 3 << 8, 10 | 4 << 8, 10 | 6 << 8


class Step(Enum):
    """What is asked of the disk, and the words of SQLite's refusal."""

    WRITE = IOERR_WRITE
    CUT = IOERR_TRUNCATE
    FLUSH = IOERR_FSYNC


_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_CUT = CFUNCTYPE(c_int, c_void_p, c_int64)
_FLUSH = CFUNCTYPE(c_int, c_void_p, c_int)
_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, POINTER(c_int))  # a path has more behind its end


class _Methods(Structure):
    """sqlite3_io_methods, version 3."""

    _fields_ = (
        ("version", c_int), ("close", c_void_p), ("read", c_void_p), ("write", _WRITE), ("cut", _CUT),
        ("flush", _FLUSH), ("rest", c_void_p * 13),
    )  # fmt: skip


class _Vfs(Structure):
    """sqlite3_vfs, version 3."""

    _fields_ = (
        ("version", c_int), ("size_of_file", c_int), ("longest_path", c_int), ("following", c_void_p),
        ("name", c_char_p), ("own", c_void_p), ("open", _OPEN), ("rest", c_void_p * 15),
    )  # fmt: skip


class _File(Structure):
    """The head of every open file: where its methods are."""

    _fields_ = (("methods", POINTER(_Methods)),)


@dataclass
class FaultyDisk:
    """The disk of this process. `fails_at`: the step (from 1) that fails, and with `for_good` all behind it; 0: none.

    `half`: of a write that fails, the first half is done, as where the disk runs full in the middle of it.
    """

    fails_at: int = 0
    for_good: bool = False
    half: bool = False
    steps: int = 0
    failed: list[Step] = field(default_factory=list)
    _kept: list[object] = field(default_factory=list)
    _methods: dict[int, _Methods] = field(default_factory=dict)

    def begin(self, fails_at: int, *, for_good: bool = False, half: bool = False) -> None:
        """Count anew, and fail so."""
        self.fails_at, self.for_good, self.half, self.steps, self.failed = fails_at, for_good, half, 0, []

    def mend(self) -> None:
        """From now on nothing fails."""
        self.fails_at = 0

    def install(self) -> None:
        """Stand before SQLite's own VFS, in this process and for good; AttributeError where it shows no functions."""
        library = ctypes.CDLL(_sqlite3.__file__)
        find, register = library.sqlite3_vfs_find, library.sqlite3_vfs_register
        find.restype, find.argtypes = POINTER(_Vfs), (c_char_p,)
        register.argtypes = (POINTER(_Vfs), c_int)
        real = find(None)
        mine = _Vfs.from_buffer_copy(real.contents)
        open_file = real.contents.open

        def opened(_vfs: int, path: int, file: int, flags: int, told: object) -> int:
            status: int = open_file(ctypes.cast(real, c_void_p).value, path, file, flags, told)
            head = _File.from_address(file)
            if status == OK and head.methods:
                head.methods = ctypes.pointer(self._standing_before(head.methods))
            return status

        mine.name, mine.following, mine.open = b"faulty", None, _OPEN(opened)
        self._kept += [mine, library]
        register(ctypes.byref(mine), 1)

    def _standing_before(self, real: "ctypes._Pointer[_Methods]") -> _Methods:
        address = ctypes.addressof(real.contents)
        if address not in self._methods:
            mine = _Methods.from_buffer_copy(real.contents)
            mine.write = _WRITE(self._writing(real.contents.write))
            mine.cut = _CUT(self._before(Step.CUT, real.contents.cut))
            mine.flush = _FLUSH(self._before(Step.FLUSH, real.contents.flush))
            self._methods[address] = mine
        return self._methods[address]

    def _writing(self, real: Callable[..., int]) -> Callable[..., int]:
        def write(file: int, content: int, size_bytes: int, offset: int) -> int:
            if not self._fails(Step.WRITE):
                return real(file, content, size_bytes, offset)
            if self.half:
                real(file, content, size_bytes // 2, offset)
                return FULL
            return Step.WRITE.value

        return write

    def _before(self, step: Step, real: Callable[..., int]) -> Callable[..., int]:
        def ask(*arguments: int) -> int:
            return step.value if self._fails(step) else real(*arguments)

        return ask

    def _fails(self, step: Step) -> bool:
        self.steps += 1
        fails = self.fails_at > 0 and (self.steps == self.fails_at or (self.for_good and self.steps > self.fails_at))
        if fails:
            self.failed.append(step)
        return fails
