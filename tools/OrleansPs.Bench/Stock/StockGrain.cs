using System.Numerics.Tensors;

namespace OrleansPs.Bench;

/// <summary>A vector behind plain grain calls: what one would write first.</summary>
[Alias("orleansps.bench.IStockGrain")]
internal interface IStockGrain : IGrainWithIntegerKey
{
    /// <summary>Applies a gradient.</summary>
    [Alias("Push")]
    Task Push(float[] gradient);

    /// <summary>Returns the values.</summary>
    [Alias("Pull")]
    Task<float[]> Pull();

    /// <summary>Both in one round trip.</summary>
    [Alias("PushPull")]
    Task<float[]> PushPull(float[] gradient);
}

/// <summary>SGD on a vector, whose length is the grain's key.</summary>
internal sealed class StockGrain : Grain, IStockGrain
{
    private const float Lr = 1e-3f;

    private readonly float[] _values;

    public StockGrain() => _values = new float[this.GetPrimaryKeyLong()];

    public Task Push(float[] gradient)
    {
        TensorPrimitives.MultiplyAdd(gradient, -Lr, _values, _values);
        return Task.CompletedTask;
    }

    public Task<float[]> Pull() => Task.FromResult(_values);

    public async Task<float[]> PushPull(float[] gradient)
    {
        await Push(gradient);
        return _values;
    }
}
