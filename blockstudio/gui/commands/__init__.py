"""Commands: declared once, behind menus, keys, buttons and the command line alike."""
