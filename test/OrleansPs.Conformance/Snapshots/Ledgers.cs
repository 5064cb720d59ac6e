namespace OrleansPs.Conformance;

/// <summary>A model in two blocks to which each step adds 1 here and -1 there, in two pushes.</summary>
public static class Ledgers
{
    private const int Length = 1024;

    public static ModelSpec Spec(string name, string mode, int workers) => new(name)
    {
        Parameters = [new("plus", [Length]), new("minus", [Length])],
        Optimizer = Optimizer.Sum(),
        Reduction = Reduction.Sum,
        BlockBytes = Length * sizeof(float),
        Workers = workers,
        Consistency = mode switch
        {
            "BSP" => ConsistencyPolicy.BulkSynchronous,
            "SSP" => ConsistencyPolicy.StaleSynchronous(2),
            _ => ConsistencyPolicy.Asynchronous,
        },
    };

    public static async Task StepAsync(IParameterWorker worker, CancellationToken cancellationToken)
    {
        await PushAsync(worker, cancellationToken);
        await worker.ClockAsync(worker.Position.Cursor + 1, cancellationToken);
    }

    public static async Task PushAsync(IParameterWorker worker, CancellationToken cancellationToken)
    {
        await worker.PushAsync("plus", Ones(1), cancellationToken);
        await Task.Yield();
        await worker.PushAsync("minus", Ones(-1), cancellationToken);
    }

    /// <summary>Steps until the cursor is at the end, doing again what has to be done again.</summary>
    public static async Task RunToAsync(IParameterWorker worker, long end, CancellationToken cancellationToken)
    {
        while (worker.Position.Cursor < end) await RunStepAsync(worker, cancellationToken);
    }

    public static Task<ClockResult> RunStepAsync(IParameterWorker worker, CancellationToken cancellationToken) =>
        worker.RunStepAsync(async (position, token) =>
        {
            await PushAsync(worker, token);
            return position.Cursor + 1;
        }, cancellationToken);

    /// <summary>Says that there is no more data, and says it again after a restore or an eviction.</summary>
    public static async Task EndDataAsync(IParameterWorker worker, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await worker.OutOfDataAsync(cancellationToken);
                return;
            }
            catch (StepRestartException)
            {
                await worker.ResumeAsync(cancellationToken);
            }
        }
    }

    private static float[] Ones(float sign)
    {
        var ones = new float[Length];
        Array.Fill(ones, sign);
        return ones;
    }
}
