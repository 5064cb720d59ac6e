using OrleansPs.Core.Messages;

namespace OrleansPs.Simulation;

/// <summary>One piece of data: a step's work. It has an owner and a place; whoever does it pushes the same.</summary>
internal readonly record struct Item(int Owner, int Index);

/// <summary>
/// What workers do, as pure functions of a seed. Every push has a number below <see cref="Size"/>, and adds 1 to each element of a
/// parameter whose index is that number modulo the size. So whoever reads a piece of a parameter sees which pushes are in it, and
/// how often. One parameter more holds real numbers, whose sum depends on the order of adding.
/// </summary>
internal sealed class Workload
{
    private readonly int _seed;
    private readonly int[][][] _scripts;

    public Workload(int seed, int owners, int items, int pushes, int parameters, int coldParameter)
    {
        (_seed, Owners, Items, PushCalls, Parameters) = (seed, owners, items, pushes, parameters);
        _scripts = new int[owners * items][][];
        for (var i = 0; i < _scripts.Length; i++) _scripts[i] = DrawScript(new(seed * 7919 + i), coldParameter);
    }

    public int Owners { get; }

    /// <summary>Items of each owner.</summary>
    public int Items { get; }

    /// <summary>The most push calls of a step.</summary>
    public int PushCalls { get; }

    public int Parameters { get; }

    /// <summary>How many pushes there are in all.</summary>
    public int Size => Owners * Items * PushCalls;

    public int Number(Item item) => item.Owner * Items + item.Index;

    public int Id(Item item, int call) => Number(item) * PushCalls + call;

    public Item ItemAt(int number) => new(number / Items, number % Items);

    /// <summary>The push calls of an item: the parameters of each.</summary>
    public int[][] Script(Item item) => _scripts[Number(item)];

    /// <summary>The cursor after so many steps; not the same number as the step, so that one is not mistaken for the other.</summary>
    public static long CursorOf(long step) => step * 7;

    /// <summary>Which item a rank does in a step: its own ones first, then those of ranks that are no more. Null: none is left.</summary>
    public Item? ItemOf(int rank, long step, IReadOnlyList<InheritedCursor> inherited)
    {
        if (step < Items) return new(rank, (int)step);
        step -= Items;
        foreach (var (owner, done) in Shares(inherited))
        {
            if (step < Items - done) return new(owner, (int)(done + step));
            step -= Items - done;
        }
        return null;
    }

    /// <summary>The items that a rank has done, and those that were done before it inherited the rest.</summary>
    public IEnumerable<Item> Done(int rank, long steps, IReadOnlyList<InheritedCursor> inherited)
    {
        for (long step = 0; step < steps; step++)
            if (ItemOf(rank, step, inherited) is { } item) yield return item;
        foreach (var (owner, done) in Shares(inherited))
            for (var index = 0; index < done; index++) yield return new(owner, index);
    }

    /// <summary>
    /// How far the data of each absent rank were done. One that had done all its own had gone on with those it had inherited itself,
    /// which follow it in the list.
    /// </summary>
    private IEnumerable<(int Owner, long Done)> Shares(IReadOnlyList<InheritedCursor> inherited)
    {
        var beyond = 0L;
        foreach (var absent in inherited)
        {
            var done = Math.Min(Items, absent.Step + beyond);
            beyond = absent.Step + beyond - done;
            yield return (absent.Rank, done);
        }
    }

    /// <summary>A push's gradient for a counting parameter.</summary>
    public void FillCounts(int id, Span<float> gradient)
    {
        gradient.Clear();
        for (var i = id; i < gradient.Length; i += Size) gradient[i] = 1;
    }

    /// <summary>A push's gradient for the real parameter: numbers of many magnitudes.</summary>
    public void FillReal(int id, Span<float> gradient)
    {
        var random = new Random(_seed ^ (id * 104729));
        for (var i = 0; i < gradient.Length; i++)
            gradient[i] = (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 4)));
    }

    private int[][] DrawScript(Random random, int coldParameter)
    {
        var script = new int[random.Next(1, PushCalls + 1)][];
        for (var call = 0; call < script.Length; call++)
        {
            var parameters = Enumerable.Range(0, Parameters)
                .Where(p => random.NextDouble() < (p == coldParameter ? 0.03 : 0.7)).ToArray();
            script[call] = parameters.Length > 0 ? parameters : [random.Next(Parameters)];
        }
        return script;
    }
}
