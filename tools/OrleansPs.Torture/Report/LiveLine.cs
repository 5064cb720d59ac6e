namespace OrleansPs.Torture;

/// <summary>One line that says how far the run is: on a terminal it changes, elsewhere a new one comes every ten seconds.</summary>
internal sealed class LiveLine(TextWriter output, int? width)
{
    private const string Erase = "\r\u001b[K";
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(10);

    private TimeSpan? _written;

    public void Show(string text)
    {
        if (width is { } columns)
        {
            output.Write(Erase + (text.Length < columns ? text : text[..(columns - 1)]));
            output.Flush();
        }
        else if (_written is not { } written || SharedClock.Now - written >= s_period)
        {
            _written = SharedClock.Now;
            output.WriteLine(text);
        }
    }

    /// <summary>Takes the line away, so that others can be written.</summary>
    public void Clear()
    {
        if (width is not null) output.Write(Erase);
    }
}
