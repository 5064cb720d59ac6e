namespace OrleansPs.Simulation;

/// <summary>Who sends or gets a message: a worker by rank, or a silo by number.</summary>
internal readonly record struct Address(char Kind, int Number)
{
    public static Address Worker(int rank) => new('W', rank);

    public static Address Silo(int number) => new('S', number);

    public override string ToString() => $"{Kind}{Number}";
}

/// <summary>
/// Carries messages, and loses, repeats, delays and reorders them as the run's profile says. A message is a piece of code that
/// holds copies of all it needs.
/// </summary>
internal sealed class Network(World world)
{
    private readonly Scheduler _scheduler = world.Scheduler;
    private readonly Dictionary<(Address, Address), long> _cut = [];

    /// <summary>Sends a message that nobody misses: whether it comes is not known to its sender.</summary>
    public void Send(Address from, Address to, char kind, Action deliver, bool isReply = false)
    {
        // What one silo says to itself does not leave it.
        if (from == to)
        {
            Deliver(from, to, kind, _scheduler.Milliseconds(0.01, 0.1), deliver);
            return;
        }
        if (IsCut(from, to))
        {
            world.Fault(from.Kind == to.Kind ? FaultKind.SiloPartition : FaultKind.Partition);
            return;
        }
        if (world.Befalls(isReply ? FaultKind.LostReply : FaultKind.LostRequest)) return;
        Deliver(from, to, kind, Latency(), deliver);
        if (world.Befalls(FaultKind.Duplicate)) Deliver(from, to, kind, Latency(), deliver);
        // An answer to a worker that comes again much later meets nobody who waits.
        if ((!isReply || from.Kind == to.Kind) && world.Befalls(FaultKind.LateDuplicate))
            Deliver(from, to, kind, Late(), deliver);
    }

    /// <summary>Cuts the way between two parties, both ways, for a while.</summary>
    public void Cut(Address one, Address other, TimeSpan time)
    {
        CutOneWay(one, other, time);
        CutOneWay(other, one, time);
    }

    /// <summary>Cuts the way from one party to another; answers go the other way.</summary>
    public void CutOneWay(Address from, Address to, TimeSpan time)
    {
        _cut[(from, to)] = (_scheduler.Time + time).Ticks;
        if (world.Trace.IsOn) world.Trace.Write($"{from} does not reach {to} for {time.TotalMilliseconds:F0} ms");
    }

    private bool IsCut(Address from, Address to) => _cut.TryGetValue((from, to), out var end) && _scheduler.Now < end;

    private TimeSpan Latency() => world.Befalls(FaultKind.Delay)
        ? _scheduler.Milliseconds(5, 600)
        : _scheduler.Milliseconds(0.05, world.Profile.UsualMilliseconds);

    /// <summary>Mostly within a few steps, at most seconds later.</summary>
    private TimeSpan Late() => _scheduler.Milliseconds(5, 40 * Math.Pow(200, _scheduler.Random.NextDouble()));

    private void Deliver(Address from, Address to, char kind, TimeSpan latency, Action deliver) =>
        _scheduler.After(latency, () =>
        {
            world.Trace.Note(kind, from.Kind * 100 + from.Number, to.Kind * 100 + to.Number);
            if (world.Trace.IsOn) world.Trace.Write($"{from} -> {to}: {NameOf(kind)}");
            deliver();
        });

    private static string NameOf(char kind) => char.ToLowerInvariant(kind) switch
    {
        'p' => "push",
        'r' => "pull",
        'q' => "push-pull",
        'c' => "certificates",
        'j' => "join",
        'k' => "clock",
        'h' => "presence",
        'x' => "certificates?",
        'a' => "append",
        'm' => "map",
        'f' => "entries",
        's' => "state",
        'o' => "replica command",
        'n' => "prepare",
        'z' => "close",
        'l' => "standby lost",
        't' => "raise",
        'w' => "load",
        _ => "command",
    } + (char.IsUpper(kind) ? " answered" : "");
}
