"""Parts of a chart as SVG, for the scripts that plot figures into docs/."""


def document(title, body):
    head = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 300" font-family="sans-serif" font-size="12">',
        f"<title>{title}</title><rect width='640' height='300' fill='white'/>",
    ]
    return "\n".join(head + body) + "</svg>\n"


def grid_line(left, width, at, label):
    return [
        f"<line x1='{left}' x2='{left + width}' y1='{at:.1f}' y2='{at:.1f}' stroke='#ccc'/>",
        f"<text x='{left - 6}' y='{at + 4:.1f}' text-anchor='end'>{label}</text>",
    ]


def curve(points, colour, dashes):
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f"<polyline points='{points}' fill='none' stroke='{colour}' stroke-width='2' stroke-dasharray='{dashes}'/>"
