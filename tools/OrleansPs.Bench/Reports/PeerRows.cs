using System.Globalization;

namespace OrleansPs.Bench;

/// <summary>Rows of other systems, from a file with the columns that <see cref="TsvReport"/> writes.</summary>
internal sealed class PeerRows
{
    private readonly ILookup<(string Operation, int Floats, int Rows, int InFlight, int Servers), (string Shape, double Rate)> _rows;

    private PeerRows(string system, IEnumerable<string[]> rows)
    {
        System = system;
        _rows = rows.ToLookup(
            r => (r[2], Whole(r[5]), Whole(r[6]), Whole(r[7]), Whole(r[3])),
            r => (r[1], double.Parse(r[10], CultureInfo.InvariantCulture)));
    }

    public string System { get; }

    /// <summary>Reads a file; each system in it has its own rows.</summary>
    /// <exception cref="DataFormatException">The file is missing or a line has too few columns.</exception>
    public static IReadOnlyList<PeerRows> Read(string path)
    {
        if (!File.Exists(path)) throw new DataFormatException(path, "There is no such file.");
        var lines = File.ReadAllLines(path).Select((line, i) => (Columns: line.Split('\t'), Number: i + 1))
            .Where(line => line.Columns.Length > 1 && line.Columns[0] != TsvReport.Columns[0]).ToArray();
        if (lines.FirstOrDefault(line => line.Columns.Length < TsvReport.Columns.Count) is { Columns: not null } broken)
            throw new DataFormatException(path, $"Line {broken.Number} has {broken.Columns.Length} columns: there must be {TsvReport.Columns.Count}.");
        return [.. lines.GroupBy(line => line.Columns[0]).Select(g => new PeerRows(g.Key, g.Select(line => line.Columns)))];
    }

    /// <summary>The median operations a second of the same row; of the better one if it was run in several shapes. NaN: it was not run.</summary>
    public double RateOf(BenchRow row, int servers) => _rows[(row.Text, row.Floats, row.Rows, row.InFlight, servers)]
        .GroupBy(r => r.Shape).Select(shape => Figures.Median(shape.Select(r => r.Rate))).DefaultIfEmpty(double.NaN).Max();

    private static int Whole(string text) => int.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
}
