"""Whether the system asks programs to keep still."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings
from PySide6.QtGui import QGuiApplication

PORTAL_MS = 40
"""So long the desktop has to answer on Linux."""


@cache
def reduced() -> bool:
    """Whether the user has asked for reduced motion, or nobody looks; asked once, when something would move first."""
    if QGuiApplication.platformName() in ("offscreen", "minimal"):
        return True
    if sys.platform == "darwin":
        file = Path.home() / "Library/Preferences/com.apple.universalaccess.plist"
        return _is_set(QSettings(str(file), QSettings.Format.NativeFormat).value("reduceMotion"))
    if sys.platform == "win32":
        animates = ctypes.c_int(1)
        ctypes.windll.user32.SystemParametersInfoW(0x1042, 0, ctypes.byref(animates), 0)
        return not animates.value
    return _asked_in_gtk() or _asked_on_desktop()


def _is_set(value: object) -> bool:
    return str(value).lower() in ("1", "true", "yes")


def _asked_in_gtk() -> bool:
    """``gtk-enable-animations=0`` in a user's settings of GTK."""
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    for version in ("gtk-4.0", "gtk-3.0"):
        file = folder / version / "settings.ini"
        if file.is_file():
            value = QSettings(str(file), QSettings.Format.IniFormat).value("Settings/gtk-enable-animations")
            if value is not None and not _is_set(value):
                return True
    return False


def _asked_on_desktop() -> bool:
    """``enable-animations`` of GNOME and those that follow it, through the desktop's portal."""
    if not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return False
    from PySide6.QtDBus import QDBusConnection, QDBusMessage  # only where there is a desktop to ask

    message = QDBusMessage.createMethodCall(
        "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Settings", "Read"
    )
    message.setArguments(["org.gnome.desktop.interface", "enable-animations"])
    answer: Any = QDBusConnection.sessionBus().call(message, timeout=PORTAL_MS)
    found = answer.arguments()
    while found and not isinstance(found, bool | int | str):
        found = found[0] if isinstance(found, list) else getattr(found, "variant", lambda: None)()
    return found is not None and found != [] and str(found).lower() in ("0", "false")
