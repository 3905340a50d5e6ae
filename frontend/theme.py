"""Looks: Mantine's theme, AG Grid's theme, and the two colour schemes. The rest is in assets/*.css."""

from typing import Any

FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

MANTINE: dict[str, Any] = {
    "fontFamily": FONT,
    "headings": {"fontFamily": FONT, "fontWeight": "600"},
    # Slate instead of Mantine's brownish grey; the seventh is the page's cards in assets/trueup.css.
    "colors": {
        "dark": [
            "#e4e8ee",
            "#c3cad4",
            "#a2acb9",
            "#7a8593",
            "#46505c",
            "#353c46",
            "#262c35",
            "#1b1f26",
            "#171a20",
            "#121519",
        ]
    },
    "primaryColor": "blue",
    "primaryShade": {"light": 8, "dark": 3},
    "autoContrast": True,
    "defaultRadius": "sm",
    "cursorType": "pointer",
}

# Runs in the browser, in AG Grid's own words: only CSS variables, so that one theme serves both colour schemes.
GRID = {
    "function": "themeQuartz.withParams({"
    "accentColor: 'var(--tu-accent)', backgroundColor: 'var(--tu-card)', foregroundColor: 'var(--tu-text)',"
    "borderColor: 'var(--tu-line)', headerBackgroundColor: 'var(--tu-card)', headerTextColor: 'var(--tu-quiet)',"
    "headerFontWeight: 600, headerFontSize: 12, rowHoverColor: 'var(--tu-hover)', fontFamily: 'inherit',"
    "fontSize: 13, rowHeight: 34, headerHeight: 36, wrapperBorder: false, wrapperBorderRadius: 0,"
    "browserColorScheme: 'inherit'})"
}
