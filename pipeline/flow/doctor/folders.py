"""Checks of the folders: existence, owner, permissions, names, and whether one contains another."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from pipeline.flow.doctor.result import Place, Result, look, printable, right, wrong

# SQLite opens no path of more bytes than that (unixFullPathname, MAX_PATHNAME of its os_unix.c).
SQLITE_PATH = 512
#: What is written below SITE: /releases/2025-03-31-206f49cc-12/disclosure.db-journal.
SITE_ROOM = 60
#: What is written below PRIVATE: /feedback/<a file's folders in the inbox>/<its name>.xlsx.
PRIVATE_ROOM = 600
# Characters with a meaning of their own in shells, SQL, globs or addresses.
_ODD = re.compile(r"""[][*?{}'"`\\#%&;|<>$!~:^=()]""")


def site(place: Place) -> Result:
    """The public folder: there, ours, and no stranger can change it."""
    if problem := _usable("site", place.site):
        return problem
    if place.site.stat().st_mode & stat.S_IWOTH:
        return wrong("site", "folder-open-to-write", path=place.site)
    return _owned("site", place.site) or right("site", "folder-good", path=place.site)


def private(place: Place) -> Result:
    """The private folder: there, ours, and closed to everybody else."""
    if problem := _usable("private", place.private):
        return problem
    mode = stat.S_IMODE(place.private.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return wrong("private", "private-open", path=place.private, mode=f"{mode:04o}")
    return _owned("private", place.private) or right(
        "private", "private-good", path=place.private, mode=f"{mode:04o}"
    )


def inbox(place: Place) -> Result:
    """The inbox: there, and every file of it readable.

    It counts files and shows no names, which may be those of persons.
    """
    folder = place.inbox
    if folder is None:
        return right("inbox", "inbox-not-asked")
    if not folder.exists():
        return wrong("inbox", "inbox-missing", path=folder)
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
        return wrong("inbox", "inbox-closed", path=folder)
    files, closed = _files(folder)
    broken = sum(_is_broken(path) for path in files)
    closed += sum(not os.access(path, os.R_OK) for path in files) - broken
    if closed:
        return wrong("inbox", "inbox-files-closed", path=folder, count=closed)
    if not files:
        return look("inbox", "inbox-empty", path=folder)
    if broken:
        return look("inbox", "inbox-links", path=folder, count=broken)
    if strange := sum(not _is_utf8(path.name) for path in files):
        return look("inbox", "inbox-names", path=folder, count=strange)
    return right("inbox", "inbox-good", path=folder, count=len(files))


def overlap(place: Place) -> Result:
    """Whether the folders are separate: nothing private under SITE, no output in the inbox."""
    site, private = _resolved(place.site), _resolved(place.private)
    inbox = _resolved(place.inbox) if place.inbox else None
    if private.is_relative_to(site):
        return wrong("apart", "apart-private-public", private=place.private, site=place.site)
    if inbox and inbox.is_relative_to(site):
        return wrong("apart", "apart-inbox-public", inbox=place.inbox, site=place.site)
    for ours in (site, private):
        if inbox and ours.is_relative_to(inbox):
            return wrong("apart", "apart-in-inbox", inbox=place.inbox, folder=ours)
    one = device(place.site) == device(place.private)
    return right("apart", "apart-one-disk" if one else "apart-two-disks")


def names(place: Place) -> Result:
    """The folders' names: whether they can be used, and whether they may confuse other programs."""
    given = (place.site, place.private, *([place.inbox] if place.inbox else []))
    paths = [_resolved(path) for path in given]
    for path in paths[:2]:
        if not _is_utf8(str(path)):
            return wrong("names", "names-not-utf8", path=path)
    rooms = (SQLITE_PATH - SITE_ROOM, os.pathconf(nearest(paths[1]), "PC_PATH_MAX") - PRIVATE_ROOM)
    for path, most in zip(paths, rooms, strict=False):
        if len(os.fsencode(path)) > most:
            return wrong("names", "names-long", path=path, count=len(os.fsencode(path)), most=most)
    for path in paths:
        if odd := " ".join(sorted(set(_odd(str(path))))):
            return look("names", "names-odd", path=path, odd=odd)
    return right("names", "names-good")


def nearest(path: Path) -> Path:
    """`path`, or its nearest parent that exists, where it would be created."""
    path = _resolved(path)
    return next(each for each in (path, *path.parents) if each.exists())


def device(path: Path) -> int:
    """The disk that a folder is on, or would be created on."""
    return nearest(path).stat().st_dev


def _usable(check: str, path: Path) -> Result | None:
    """Why a run cannot write to a folder; None where it can."""
    if not path.exists():
        if path.is_symlink():
            return wrong(check, "folder-link", path=path)
        parent = nearest(path)
        if not os.access(parent, os.W_OK | os.X_OK):
            return wrong(check, "folder-no-parent", path=path, parent=parent)
        return look(check, "folder-missing", path=path)
    if not path.is_dir():
        return wrong(check, "folder-file", path=path)
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        owner = path.stat().st_uid
        if owner == os.geteuid():
            return wrong(check, "folder-read-only", path=path)
        return wrong(check, "folder-closed", path=path, owner=str(owner))
    return None


def _owned(check: str, path: Path) -> Result | None:
    """The result where the folder or an entry in it belongs to another user; else None."""
    own = os.geteuid()
    if (owner := path.stat().st_uid) != own:
        return look(check, "folder-owner", path=path, owner=str(owner), user=str(own))
    with os.scandir(path) as entries:
        others = [e for e in entries if e.stat(follow_symlinks=False).st_uid != own]
    if others:
        return look(check, "folder-mixed", path=path, count=len(others), owner=str(own))
    return None


def _files(folder: Path) -> tuple[list[Path], int]:
    """(the inbox's files and links without hidden ones, how many folders cannot be listed)."""
    found, closed = list[Path](), list[OSError]()
    for at, folders, names in os.walk(folder, onerror=closed.append):
        links = [name for name in folders if (Path(at) / name).is_symlink()]
        found += [Path(at) / name for name in (*names, *links) if not name.startswith(".")]
    return found, len(closed)


def _is_broken(path: Path) -> bool:
    """Whether it is a link that leads nowhere.

    Of a folder that may not be searched nothing is known.
    """
    return os.path.islink(path) and not os.path.exists(path)  # noqa: PTH110, PTH114 - pathlib's raise


def _odd(path: str) -> Iterator[str]:
    """Each odd character of a path as it may be printed; those that no eye sees as escapes."""
    composed = unicodedata.normalize("NFC", path) == path
    for character in path:
        if character.isspace() or (not composed and unicodedata.combining(character)):
            yield f"\\u{ord(character):04x}"
        elif _ODD.match(character) or not character.isprintable():
            yield printable(character)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _resolved(path: Path) -> Path:
    """The whole path; a loop of links stays as it is given."""
    return Path(os.path.realpath(path))
