namespace OrleansPs.Simulation;

/// <summary>What happened, as a hash over everything and, when asked for, as text.</summary>
internal sealed class Trace(Scheduler scheduler, bool isOn)
{
    private readonly List<string> _lines = [];

    /// <summary>Equal runs have equal hashes.</summary>
    public ulong Hash { get; private set; } = 14695981039346656037;

    public bool IsOn { get; } = isOn;

    public IReadOnlyList<string> Lines => _lines;

    public void Note(char kind, long a = 0, long b = 0, long c = 0)
    {
        Mix((ulong)scheduler.Now);
        Mix(kind);
        Mix((ulong)a);
        Mix((ulong)b);
        Mix((ulong)c);
    }

    public void Write(string text)
    {
        if (IsOn) _lines.Add($"{scheduler.Time.TotalMilliseconds,10:F3} {text}");
    }

    private void Mix(ulong value)
    {
        Hash = (Hash ^ value) * 1099511628211;
        Hash ^= Hash >> 29;
    }
}
