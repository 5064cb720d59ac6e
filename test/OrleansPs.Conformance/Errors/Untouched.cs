namespace OrleansPs.Conformance;

/// <summary>Holds what a model is against what it was before something that must not change it.</summary>
public sealed class Untouched
{
    private readonly IParameterServer _server;
    private readonly ModelSpec _spec;
    private readonly CancellationToken _limit;
    private float[] _values = [];
    private string _status = "";

    private Untouched(IParameterServer server, ModelSpec spec, CancellationToken limit)
    {
        _server = server;
        _spec = spec;
        _limit = limit;
    }

    /// <summary>Remembers a model's bits and standing.</summary>
    public static async Task<Untouched> RememberAsync(IParameterServer server, ModelSpec spec, CancellationToken limit)
    {
        var before = new Untouched(server, spec, limit);
        (before._values, before._status) = await before.LookAsync();
        return before;
    }

    public async Task RequireAsync()
    {
        var (values, status) = await LookAsync();
        Tensors.SameBits(_values, values);
        Assert.Equal(_status, status);
    }

    private async Task<(float[] Values, string Status)> LookAsync()
    {
        await using var reader = await _server.OpenReaderAsync(_spec.Name, _limit);
        var values = TensorSet.For(_spec);
        await reader.ReadLatestAsync(values, _limit);
        var status = await _server.GetStatusAsync(_spec.Name, _limit);
        var standing = string.Join("; ", status.Workers.Select(w => w.ToString()));
        return (Tensors.Flat(values), $"generation {status.Generation}, round {status.Round}: {standing}");
    }
}
