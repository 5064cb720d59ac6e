using OrleansPs.Core.Specs;
using OrleansPs.Hosting;

namespace OrleansPs.Grains;

/// <summary>What is kept of a model, so that a coordinator can go on with it.</summary>
internal sealed record ModelRecord
{
    /// <summary>The spec's canonical JSON.</summary>
    public required string Spec { get; init; }

    /// <summary>Where the model's present life began.</summary>
    public required ModelOrigin Origin { get; init; }

    /// <summary>The term of the coordinator that wrote last: older ones may write no more.</summary>
    public long Term { get; init; }

    /// <summary>Where the second copy of the control record is; null for nowhere.</summary>
    public WitnessRecord? Witness { get; init; }

    /// <summary>What the last coordinator left when it ended in order; null while one is alive, and when one died.</summary>
    public HandedOver? Left { get; init; }

    public ModelSpec ToSpec(string model) => ModelSpecJson.Decode(System.Text.Encoding.UTF8.GetBytes(Spec), $"record of model '{model}'");

    public static string TextOf(ModelSpec spec) => System.Text.Encoding.UTF8.GetString(ModelSpecJson.Encode(spec));
}

/// <summary>A copy of the control record.</summary>
/// <param name="Key">Its grain's key.</param>
/// <param name="Silo">Its silo's address.</param>
/// <param name="Nonce">Which activation it is: another one is empty.</param>
internal sealed record WitnessRecord(string Key, string Silo, Guid Nonce);

/// <summary>What a coordinator leaves to the next one.</summary>
/// <param name="Term">Its term: it holds only while no other one was raised.</param>
/// <param name="Control">The control state, with the block map; see <see cref="Core.Consistency.ControlStateCodec"/>.</param>
internal sealed record HandedOver(long Term, string Control);

/// <summary>What is kept of a service.</summary>
internal sealed record CatalogRecord
{
    /// <summary>The models' names, in order.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>The addresses of the silos that take no new blocks.</summary>
    public IReadOnlyList<string> Draining { get; init; } = [];
}
