using OrleansPs.Core.Consistency;
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

    /// <summary>What the last coordinator left when it ended in order; null while one is alive, and when one died.</summary>
    public HandedOver? Left { get; init; }

    public ModelSpec ToSpec(string model) => ModelSpecJson.Decode(System.Text.Encoding.UTF8.GetBytes(Spec), $"record of model '{model}'");

    public static string TextOf(ModelSpec spec) => System.Text.Encoding.UTF8.GetString(ModelSpecJson.Encode(spec));
}

/// <summary>What a coordinator leaves to the next one.</summary>
/// <param name="Term">Its term: it holds only while no other one was raised.</param>
/// <param name="MapVersion">The version of its block map.</param>
/// <param name="Sites">Where the blocks are.</param>
/// <param name="LastCut">The newest complete cut, or 0.</param>
/// <param name="Control">The control state; see <see cref="ControlStateCodec"/>.</param>
internal sealed record HandedOver(long Term, long MapVersion, IReadOnlyList<SiteRecord> Sites, long LastCut, string Control);

/// <summary>Where a block is.</summary>
/// <param name="Key">Its grain's key.</param>
/// <param name="Silo">Its silo's address.</param>
/// <param name="Epoch">Its epoch.</param>
internal sealed record SiteRecord(string Key, string Silo, long Epoch);

/// <summary>What is kept of a service.</summary>
internal sealed record CatalogRecord
{
    /// <summary>The models' names, in order.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>The addresses of the silos that take no new blocks.</summary>
    public IReadOnlyList<string> Draining { get; init; } = [];
}
