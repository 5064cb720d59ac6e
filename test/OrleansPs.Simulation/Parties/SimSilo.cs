namespace OrleansPs.Simulation;

/// <summary>
/// A server process: replicas, witnesses and coordinators live on it, and die and pause with it. Others may take it for dead while it goes on.
/// </summary>
internal sealed class SimSilo(World world, int number)
{
    /// <summary>What is on it, by nonce.</summary>
    public Dictionary<Guid, SimReplica> Replicas { get; } = [];

    public Dictionary<Guid, SimWitness> Witnesses { get; } = [];

    /// <summary>A name is used once: who comes back has another one, and is empty.</summary>
    public string Name { get; } = $"s{number}";

    public Address Address { get; } = Address.Silo(number);

    public Process Process { get; } = new();

    /// <summary>Whether the membership has it as dead, which it never takes back.</summary>
    public bool IsDeclaredDead { get; set; }

    /// <summary>Whether it is to be emptied.</summary>
    public bool IsDraining { get; set; }

    /// <summary>Whether it is there for good: neither dead nor a dead one that goes on.</summary>
    public bool IsUp => !Process.IsDead && !IsDeclaredDead;

    public bool IsSteady => IsUp && !Process.IsPaused && !IsDraining;

    public void Kill()
    {
        if (Process.IsDead) return;
        if (world.Trace.IsOn) world.Trace.Write($"{Name} dies");
        Process.Kill();
        Replicas.Clear();
        Witnesses.Clear();
    }

    /// <summary>Sends a message to another silo, where it becomes one more event; it may be lost.</summary>
    public void Send(SimSilo to, char kind, Action deliver, bool isReply = false) =>
        world.Network.Send(Address, to.Address, kind, () => to.Process.Do(deliver), isReply);

    /// <summary>Sends a message, and an answer back.</summary>
    public void Ask<T>(SimSilo to, char kind, Func<SimSilo, T> handle, Action<T> answered) => Send(to, kind, () =>
    {
        var answer = handle(to);
        to.Send(this, char.ToUpperInvariant(kind), () => answered(answer), isReply: true);
    });

    /// <summary>Does something later, unless it is dead by then.</summary>
    public void Later(TimeSpan time, Action action) => world.Scheduler.After(time, () => Process.Do(action));
}
