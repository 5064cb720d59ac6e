namespace OrleansPs.Client;

/// <summary>
/// The pushes of the open step: how many were made to each block (a push's sequence), which are acknowledged, and whose
/// turn it is. Under BSP a block takes a rank's pushes in order, so the next one waits for the one before.
/// </summary>
/// <remarks>Used under the lock of <see cref="SessionState"/>; only completions run outside it.</remarks>
internal sealed class PushLedger(int blocks, int tables, int window)
{
    private readonly long[] _rows = new long[tables];
    private readonly int[] _made = new int[blocks];
    private readonly int[] _acknowledged = new int[blocks];
    private readonly Dictionary<(int Block, int Sequence), TaskCompletionSource> _waiting = [];

    /// <summary>Whether a block takes pushes in order.</summary>
    public bool IsOrdered { get; set; }

    /// <summary>Push calls that began and have no outcome yet.</summary>
    public int Unresolved { get; private set; }

    /// <summary>Refuses a call that is one too many.</summary>
    /// <exception cref="WorkerStateException">A block has had all the pushes that a step may make.</exception>
    /// <exception cref="TooManyRowsException">A table has had all the rows that a step may push.</exception>
    public void RequireRoom(TransferPlan plan)
    {
        foreach (var transfer in plan.Transfers)
            if (transfer.Pushes && _made[transfer.Block] >= window) throw TooMany();
        foreach (var pushed in plan.RowsPushed)
            if (_rows[pushed.Table] + pushed.Rows > pushed.Limit)
                throw new TooManyRowsException(pushed.Name, _rows[pushed.Table] + pushed.Rows, pushed.Limit);
    }

    /// <summary>Numbers a call's pushes, or refuses the whole call.</summary>
    /// <exception cref="WorkerStateException">A block has had all the pushes that a step may make.</exception>
    public void Begin(TransferPlan plan, int[] sequences)
    {
        RequireRoom(plan);
        for (var i = 0; i < plan.Transfers.Length; i++)
            sequences[i] = plan.Transfers[i].Pushes ? _made[plan.Transfers[i].Block]++ : 0;
        foreach (var pushed in plan.RowsPushed) _rows[pushed.Table] += pushed.Rows;
        Unresolved++;
    }

    public void End() => Unresolved--;

    /// <summary>Completes when all earlier pushes of the step to this block are acknowledged.</summary>
    public Task TurnOf(int block, int sequence)
    {
        if (!IsOrdered || _acknowledged[block] >= sequence) return Task.CompletedTask;
        var turn = new TaskCompletionSource();
        _waiting.Add((block, sequence), turn);
        return turn.Task;
    }

    /// <summary>Notes an acknowledgement. The push whose turn it is now, if one waits, is for the caller to complete.</summary>
    public TaskCompletionSource? Acknowledge(int block, int sequence)
    {
        if (!IsOrdered) return null;
        _acknowledged[block] = Math.Max(_acknowledged[block], sequence + 1);
        _waiting.Remove((block, sequence + 1), out var next);
        return next;
    }

    /// <summary>Starts a new step. Those that still wait will never get their turn: the caller ends them.</summary>
    public TaskCompletionSource[] Reset()
    {
        Array.Clear(_made);
        Array.Clear(_rows);
        Array.Clear(_acknowledged);
        return TakeWaiting();
    }

    /// <summary>Takes out all those that wait.</summary>
    public TaskCompletionSource[] TakeWaiting()
    {
        if (_waiting.Count == 0) return [];
        TaskCompletionSource[] waiting = [.. _waiting.OrderBy(w => w.Key).Select(w => w.Value)];
        _waiting.Clear();
        return waiting;
    }

    private WorkerStateException TooMany() => new(
        $"A step may push {window} times to one block (PushesPerStep), and this push would be one more. Nothing was sent.");
}
