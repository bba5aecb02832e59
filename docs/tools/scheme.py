"""Pictures of matplotlib that fit a light page and a dark one: the reader's own setting decides."""

from typing import Final

# In such a picture: text has no colour, the page is white, and lines are black. The style of an element would win.
_DARK: Final = """
   @media (prefers-color-scheme: dark) {
    text {fill: #e6edf3}
    [style*="fill: #ffffff"] {fill: #1b1e27 !important}
    [style*="stroke: #000000"] {stroke: #e6edf3 !important}
   }
  </style>"""
_END: Final = "</style>"


def follow_scheme(svg: str) -> str:
    """The picture with dark colours for readers who want those."""
    if svg.count(_END) != 1:
        raise ValueError("a picture of matplotlib has one style sheet")
    return svg.replace(_END, _DARK)
