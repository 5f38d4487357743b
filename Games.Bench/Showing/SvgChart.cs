using System.Xml.Linq;

namespace Games.Bench.Showing;

/// <summary>One implementation's values, one bar in each group of a panel.</summary>
internal sealed record BarSeries(string Name, IReadOnlyList<double> Values);

/// <summary>One line of a panel.</summary>
internal sealed record CurveSeries(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>
/// A chart as one SVG file: a title and panels beside each other. Not ScottPlot: it lays out text by the fonts of this machine, through a native
/// library, and this needs neither.
/// </summary>
internal sealed class SvgChart(string title, string subtitle)
{
    private const double PanelWidth = 560;
    private const double PanelGap = 40;
    private const double Height = 520;
    private const double PlotTop = 174;
    private const double PlotBottom = Height - 76;
    private const double PlotLeft = 72;
    private const double LabelLeft = 8;

    private const string Ink = "#1f2937";
    private const string FaintInk = "#6b7280";
    private const string Grid = "#e5e7eb";
    private static readonly string[] Colours = ["#2563eb", "#94a3b8", "#f59e0b", "#10b981"];
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private readonly List<XElement> _panels = [];

    public SvgChart Bars(string heading, string unit, IReadOnlyList<string> groups, params IReadOnlyList<BarSeries> series)
    {
        var axis = Axis.Linear(series.SelectMany(one => one.Values).Where(double.IsFinite).DefaultIfEmpty(0).Max() * 1.05);
        var panel = Panel(heading, [.. series.Select(one => one.Name)]);
        AddHorizontalGrid(panel, axis, unit);

        var groupWidth = (PanelWidth - PlotLeft) / groups.Count;
        var barWidth = Math.Min(groupWidth * 0.72 / series.Count, 96);
        for (var group = 0; group < groups.Count; group++)
        {
            var middle = PlotLeft + groupWidth * (group + 0.5);
            panel.Add(Text(middle, PlotBottom + 24, groups[group], 14, Ink, "middle"));
            for (var one = 0; one < series.Count; one++)
            {
                var value = series[one].Values[group];
                var left = middle + barWidth * (one - series.Count / 2.0);
                var top = Vertical(axis, double.IsFinite(value) ? value : 0);
                panel.Add(Rectangle(left + 2, top, barWidth - 4, PlotBottom - top, radius: 3, Colour(one)));
                panel.Add(Text(left + barWidth / 2, top - 8, double.IsFinite(value) ? Number(value) : "–", 14, Ink, "middle", bold: true));
            }
        }
        return this;
    }

    public SvgChart Curves(string heading, (string Label, Axis Axis) across, (string Label, Axis Axis) up, params IReadOnlyList<CurveSeries> series)
    {
        var panel = Panel(heading, [.. series.Select(one => one.Name)]);
        AddHorizontalGrid(panel, up.Axis, up.Label);

        foreach (var tick in across.Axis.Ticks)
        {
            var x = Horizontal(across.Axis, tick);
            panel.Add(Line(x, PlotTop, x, PlotBottom));
            panel.Add(Text(x, PlotBottom + 22, Number(tick), 13, FaintInk, "middle"));
        }
        panel.Add(Text((PlotLeft + PanelWidth) / 2, PlotBottom + 48, across.Label, 13, FaintInk, "middle"));

        for (var one = series.Count - 1; one >= 0; one--)
        {
            var points = series[one].Points.Select(point => $"{Horizontal(across.Axis, point.X):0.##},{Vertical(up.Axis, point.Y):0.##}");
            panel.Add(new XElement(
                Svg + "polyline",
                new XAttribute("points", string.Join(' ', points)),
                new XAttribute("fill", "none"),
                new XAttribute("stroke", Colour(one)),
                new XAttribute("stroke-width", 3),
                new XAttribute("stroke-linejoin", "round")));
        }
        return this;
    }

    public void WriteTo(FileInfo file)
    {
        file.Directory?.Create();
        File.WriteAllText(file.FullName, ToXml() + "\n");
    }

    public string ToXml()
    {
        const double Margin = 32;
        var width = Margin * 2 + _panels.Count * PanelWidth + (_panels.Count - 1) * PanelGap;
        return new XElement(
            Svg + "svg",
            At("width", width),
            At("height", Height),
            new XAttribute("viewBox", $"0 0 {width} {Height}"),
            new XAttribute("font-family", "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif"),
            new XAttribute("role", "img"),
            new XElement(Svg + "title", title),
            new XElement(Svg + "rect", new XAttribute("width", "100%"), new XAttribute("height", "100%"), new XAttribute("fill", "#ffffff")),
            Text(Margin, 42, title, 22, Ink, "start", bold: true),
            Text(Margin, 66, subtitle, 14, FaintInk, "start"),
            _panels.Select((panel, place) => new XElement(
                Svg + "g", new XAttribute("transform", $"translate({Margin + place * (PanelWidth + PanelGap)} 0)"), panel.Elements()))).ToString();
    }

    private XElement Panel(string heading, IReadOnlyList<string> names)
    {
        var panel = new XElement(Svg + "g", Text(0, 104, heading, 16, Ink, "start", bold: true));
        for (var one = 0; one < names.Count; one++)
        {
            var top = 116 + one * 20;
            panel.Add(Rectangle(0, top, 12, 12, radius: 2, Colour(one)));
            panel.Add(Text(18, top + 11, names[one], 13, Ink, "start"));
        }
        _panels.Add(panel);
        return panel;
    }

    private static void AddHorizontalGrid(XElement panel, Axis axis, string label)
    {
        foreach (var tick in axis.Ticks)
        {
            var y = Vertical(axis, tick);
            panel.Add(Line(PlotLeft, y, PanelWidth, y));
            panel.Add(Text(PlotLeft - 10, y + 5, Number(tick), 13, FaintInk, "end"));
        }
        var middle = (PlotTop + PlotBottom) / 2;
        var text = Text(LabelLeft, middle, label, 13, FaintInk, "middle");
        text.Add(new XAttribute("transform", $"rotate(-90 {LabelLeft} {middle})"));
        panel.Add(text);
    }

    private static double Vertical(Axis axis, double value) => PlotBottom - axis.Position(value) * (PlotBottom - PlotTop);

    private static double Horizontal(Axis axis, double value) => PlotLeft + axis.Position(value) * (PanelWidth - PlotLeft);

    private static string Colour(int series) => Colours[series % Colours.Length];

    private static string Number(double value) => value >= 10 ? value.ToString("#,0") : value.ToString("0.##");

    private static XAttribute At(string name, double value) => new(name, value.ToString("0.##"));

    private static XElement Line(double x1, double y1, double x2, double y2) =>
        new(Svg + "line", At("x1", x1), At("y1", y1), At("x2", x2), At("y2", y2), new XAttribute("stroke", Grid));

    private static XElement Rectangle(double x, double y, double width, double height, int radius, string colour) => new(
        Svg + "rect",
        At("x", x),
        At("y", y),
        At("width", width),
        At("height", height),
        new XAttribute("rx", radius),
        new XAttribute("fill", colour));

    private static XElement Text(double x, double y, string text, int size, string colour, string anchor, bool bold = false) => new(
        Svg + "text",
        At("x", x),
        At("y", y),
        new XAttribute("font-size", size),
        new XAttribute("fill", colour),
        new XAttribute("text-anchor", anchor),
        bold ? new XAttribute("font-weight", 600) : null,
        text);
}
