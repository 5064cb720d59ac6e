using OrleansPs.Conformance;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>
/// A model whose numbers tell what happened to it: each finished step of a worker adds 1 to the first half of every parameter and
/// takes 1 from the second. So a state in which something was lost, or came twice, or is half of a step, shows.
/// </summary>
internal static class Ledger
{
    public const int ParameterLength = 1 << 18;

    /// <summary>A spec of so many parameters of 1 MiB, a block each.</summary>
    public static ModelSpec Spec(string name, ConsistencyPolicy consistency, int workers, int parameters, DurabilityPolicy? durability = null) =>
        new(name)
        {
            Parameters = [.. Enumerable.Range(0, parameters).Select(i => new DenseParameter($"p{i}", [ParameterLength]))],
            Optimizer = Optimizer.Sum(),
            Reduction = Reduction.Sum,
            Consistency = consistency,
            Workers = workers,
            Durability = durability ?? DurabilityPolicy.Snapshot(),
            Lease = TimeSpan.FromSeconds(3),
        };

    /// <summary>Gradients of one step.</summary>
    public static TensorSet Gradients(ModelSpec spec)
    {
        var gradients = new TensorSet();
        foreach (var parameter in spec.Parameters)
        {
            var values = new float[parameter.Length];
            values.AsSpan(0, values.Length / 2).Fill(1);
            values.AsSpan(values.Length / 2).Fill(-1);
            gradients.Add(parameter.Name, values);
        }
        return gradients;
    }

    /// <summary>Trains until told to stop; each step ends with a call of <paramref name="onStep"/>.</summary>
    public static async Task RunAsync(IParameterWorker worker, Action<IParameterWorker> onStep, CancellationToken stop, CancellationToken limit)
    {
        var (gradients, values) = (Gradients(worker.Spec), TensorSet.For(worker.Spec));
        while (!stop.IsCancellationRequested)
        {
            await worker.RunStepAsync(async (position, cancel) =>
            {
                await worker.PullAsync(values, cancel);
                await worker.PushAsync(gradients, cancel);
                return position.Cursor + 1;
            }, limit);
            onStep(worker);
        }
        await Ledgers.EndDataAsync(worker, limit);
    }

    /// <summary>Requires that the model holds exactly so many steps.</summary>
    public static async Task RequireAsync(IParameterServer server, ModelSpec spec, long steps, CancellationToken limit)
    {
        await using var reader = await server.OpenReaderAsync(spec.Name, limit);
        var values = TensorSet.For(spec);
        await reader.ReadLatestAsync(values, limit);
        foreach (var parameter in spec.Parameters)
        {
            var numbers = values[parameter.Name];
            Tensors.AllAre(steps, numbers[..(numbers.Length / 2)]);
            Tensors.AllAre(-steps, numbers[(numbers.Length / 2)..]);
        }
    }
}
