namespace OrleansPs.Simulation;

/// <summary>A pull as its worker made it.</summary>
/// <param name="Rank">Whose.</param>
/// <param name="Generation">In which generation.</param>
/// <param name="Policy">The number of the policy that its worker works by.</param>
/// <param name="Clock">At which clock it began.</param>
/// <param name="FinishCount">How many items were finished when it began.</param>
/// <param name="IsFresh">Whether it was neither cached nor prefetched.</param>
/// <param name="Own">The pushes of the open step that were acknowledged before it began.</param>
internal sealed record Pull(
    int Rank, long Generation, long Policy, long Clock, long FinishCount, bool IsFresh, IReadOnlyList<int> Own);

/// <summary>What a worker reads: P3 under BSP, P4 under SSP, and never anything twice.</summary>
internal sealed class PullCheck(World world)
{
    private readonly Workload _work = world.Work;

    public void Check(Pull pull, TensorSet values)
    {
        var history = world.Histories[pull.Generation];
        foreach (var (name, memory) in values)
        {
            var parameter = ParameterOf(name);
            if (parameter == world.Model.RealParameter) CheckReal(pull, history, memory.Span);
            else CheckCounts(pull, history, parameter, memory.Span);
        }
    }

    /// <summary>Rows, which are neither cached nor prefetched.</summary>
    public void Check(Pull pull, RowSet rows)
    {
        var history = world.Histories[pull.Generation];
        for (var i = 0; i < rows.Count; i++)
        {
            var width = world.Spec.Tables[i].Width;
            for (var k = 0; k < rows[i].Keys.Length; k++)
            {
                var key = rows[i].Keys.Span[k];
                var row = rows[i].Rows.Span.Slice(k * width, width);
                if (RowCheck.IsLedger(world, i)) CheckLedger(pull, history, i, key, row);
                else if (!RowCheck.IsReal(row, history.RealRowAt(pull.Clock, key)))
                    world.Violate("P3", $"{pull}: the row of key {key} in the real table is not the bits of version {pull.Clock}.");
            }
        }
    }

    private void CheckLedger(Pull pull, History history, int table, long key, ReadOnlySpan<float> row)
    {
        var (low, high) = BoundsOf(pull, history, world.HasCall);
        if (RowCheck.FirstWrong(world, table, key, row, low, high, history.Twice) is { } wrong) world.Violate(PromiseOf(wrong, history.Under(pull.Policy).Policy), $"{pull}: {wrong}.");
    }

    public int ParameterOf(string name) => int.Parse(name.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);

    private void CheckReal(Pull pull, History history, ReadOnlySpan<float> values)
    {
        if (!values.SequenceEqual(history.RealAt(pull.Clock)))
            world.Violate("P3", $"{pull}: the real parameter is not the bits of version {pull.Clock}.");
    }

    private void CheckCounts(Pull pull, History history, int parameter, ReadOnlySpan<float> values)
    {
        var (low, high) = BoundsOf(pull, history, id => world.Pushes(id, parameter));
        foreach (var address in world.Model.Layout.PlacementOf(parameter).Pieces)
        {
            var segment = world.Model.Layout.Blocks[address.Block].Segments[address.Index];
            if (CounterCheck.FirstWrong(values.Slice(segment.Start, segment.Length), segment.Start, low, high, history.Twice) is not { } wrong) continue;
            world.Violate(PromiseOf(wrong.Problem, history.Under(pull.Policy).Policy), $"{pull}: {world.Describe(wrong.Id)} {wrong.Problem} in parameter {parameter}, block {address.Block}.");
            return;
        }
    }

    private static string PromiseOf(string problem, TrainingPolicy policy) =>
        problem.Contains("times", StringComparison.Ordinal) ? "P1"
        : policy.IsRounds ? "P3"
        : problem.Contains("missing", StringComparison.Ordinal) ? "P4"
        : "P1";

    private (bool[] Low, bool[] High) BoundsOf(Pull pull, History history, Func<int, bool> isOf)
    {
        var low = new bool[_work.Size];
        var high = Masked(history.Attempted, isOf);
        var line = history.Under(pull.Policy);
        var isRounds = line.Policy.IsRounds;
        for (var number = 0; number < line.Finished.Length; number++)
        {
            if (line.Finished[number] == History.Never) continue;
            var item = _work.ItemAt(number);
            var must = isRounds
                ? line.Finished[number] < pull.Clock
                : MustSee(pull, history, line, number);
            for (var call = 0; call < _work.PushCalls; call++)
            {
                var id = _work.Id(item, call);
                if (!isOf(id)) continue;
                low[id] = must;
                high[id] |= must || !isRounds;
            }
        }
        foreach (var id in isRounds || !pull.IsFresh ? [] : pull.Own)
            if (isOf(id)) low[id] = true;
        return (low, high);
    }

    private static bool MustSee(Pull pull, History history, PolicyLine line, int number)
    {
        var clock = line.Finished[number];
        if (clock == History.Before) return true;
        if (line.FinishedAt[number] >= pull.FinishCount) return false;
        if (pull.IsFresh && history.DoneBy[number] == pull.Rank) return true;
        var staleness = line.Policy.Consistency.Staleness;
        return line.Policy.Consistency.Mode == ConsistencyMode.StaleSynchronous && clock <= pull.Clock - staleness - 1;
    }

    private static bool[] Masked(bool[] attempted, Func<int, bool> isOf)
    {
        var masked = new bool[attempted.Length];
        for (var id = 0; id < masked.Length; id++) masked[id] = attempted[id] && isOf(id);
        return masked;
    }
}
