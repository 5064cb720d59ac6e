namespace OrleansPs.Simulation;

/// <summary>What a life does with tables, where the model has some.</summary>
internal sealed partial class Life
{
    /// <summary>The pushes of rows of the open step that were acknowledged.</summary>
    private readonly List<int> _ownRows = [];

    private RowWork? Rows => _world.Model.Rows;

    private bool PullsRows() => Rows is not null && Scheduler.Chance(_pullShare);

    private async Task PushRowsAsync(int id)
    {
        if (Rows is null) return;
        using var cancel = Cancellation();
        var gradients = Rows.Gradients(_world.Spec, id);
        if (Scheduler.Chance(0.02)) await PushBadRowsAsync(gradients).ConfigureAwait(false);
        await _session.PushRowsAsync(gradients, cancel.Token).ConfigureAwait(false);
        _ownRows.Add(id);
    }

    /// <summary>More rows than a step may push are refused, and nothing of them arrives.</summary>
    private async Task PushBadRowsAsync(RowSet gradients)
    {
        var (table, bad) = (_world.Spec.Tables[0], new RowSet());
        for (var i = 0; i < gradients.Count; i++) bad.Add(gradients[i].Table, gradients[i].Keys, gradients[i].Rows);
        long[] many = [.. Enumerable.Range(0, table.MaxRowsPerStep + 1)];
        bad.Add(table.Name, many, new float[many.Length * table.Width]);
        try
        {
            await _session.PushRowsAsync(bad).ConfigureAwait(false);
            _world.Violate("P8", "A push of more rows than a step may have was taken.");
        }
        catch (TooManyRowsException)
        {
        }
    }

    /// <summary>All rows, in any order, one of them twice.</summary>
    private async Task PullRowsAsync(WorkerPosition position)
    {
        using var cancel = Cancellation();
        long[] keys = [.. Rows!.Keys, Rows.Keys[0]];
        Scheduler.Random.Shuffle(keys);
        var rows = new RowSet();
        foreach (var table in _world.Spec.Tables) rows.Add(table.Name, keys, new float[keys.Length * table.Width]);
        var pull = Pull(position, fresh: true, _ownRows);
        try
        {
            await _session.PullRowsAsync(rows, cancel.Token).ConfigureAwait(false);
            _world.Pulls.Check(pull, rows);
        }
        catch (OperationCanceledException)
        {
            // A pull that is given up leaves the session as it was.
        }
    }
}
