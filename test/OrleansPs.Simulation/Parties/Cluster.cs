namespace OrleansPs.Simulation;

/// <summary>One state of the membership, which all hear of in order, though not all of each.</summary>
internal sealed record MembershipView(long Version, IReadOnlyList<string> Usable, IReadOnlyList<string> Alive, IReadOnlySet<string> Dead);

/// <summary>The silos, and who is taken to be there.</summary>
internal sealed class Cluster(World world)
{
    private readonly List<SimSilo> _all = [];

    public MembershipView View { get; private set; } = new(0, [], [], new HashSet<string>());

    /// <summary>The view before the present one: some hear of news late.</summary>
    public MembershipView FormerView { get; private set; } = null!;

    public IReadOnlyList<SimSilo> All => _all;

    public IEnumerable<SimSilo> Up => _all.Where(s => s.IsUp);

    public void Start(int count)
    {
        for (var i = 0; i < count; i++) Add();
        Publish();
        FormerView = View;
    }

    public SimSilo Find(string name) => _all.Find(s => s.Name == name)!;

    public void Join()
    {
        Add();
        Publish();
    }

    /// <summary>A silo is taken for dead, rightly or not. It never comes back under its name.</summary>
    public void DeclareDead(SimSilo silo)
    {
        if (silo.IsDeclaredDead) return;
        silo.IsDeclaredDead = true;
        if (world.Trace.IsOn) world.Trace.Write($"{silo.Name} is declared dead");
        Publish();
    }

    public void Drain(SimSilo silo, bool isDraining)
    {
        silo.IsDraining = isDraining;
        if (world.Trace.IsOn) world.Trace.Write($"{silo.Name} is draining: {isDraining}");
        Publish();
    }

    /// <summary>Everything dies at once, and as many silos come back.</summary>
    public void CrashAll()
    {
        foreach (var silo in _all.ToArray())
        {
            silo.Kill();
            silo.IsDeclaredDead = true;
        }
        Start(world.Model.Silos);
    }

    /// <summary>A silo where something can be made: one that is there, not the one named, steady if there is such a one.</summary>
    public SimSilo? Pick(SimSilo? except = null)
    {
        var some = Up.Where(s => s != except && s.IsSteady).ToArray();
        if (some.Length == 0) some = [.. Up.Where(s => s != except)];
        return some.Length == 0 ? null : some[world.Scheduler.Random.Next(some.Length)];
    }

    private void Add()
    {
        var silo = new SimSilo(world, _all.Count + 1);
        _all.Add(silo);
        if (world.Trace.IsOn) world.Trace.Write($"{silo.Name} joins");
    }

    private void Publish()
    {
        var alive = Up.Select(s => s.Name).ToArray();
        FormerView = View;
        View = new(
            View.Version + 1, [.. Up.Where(s => !s.IsDraining).Select(s => s.Name)], alive,
            _all.Where(s => s.IsDeclaredDead).Select(s => s.Name).ToHashSet());
        foreach (var coordinator in world.Coordinators) Tell(coordinator, View);
    }

    /// <summary>A dead one that goes on hears nothing any more.</summary>
    public void Tell(SimCoordinator coordinator, MembershipView view)
    {
        var delay = world.Scheduler.Chance(0.2) ? world.Scheduler.Milliseconds(50, 500) : world.Scheduler.Milliseconds(0.1, 30);
        world.Scheduler.After(delay, () =>
        {
            if (coordinator.Silo.IsUp) coordinator.Heard(view);
        });
    }
}
