using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Specs;

namespace OrleansPs.Grains;

/// <summary>Specs that blocks of this silo were made of, and their layouts: a model has many blocks and one spec.</summary>
/// <remarks>Thread safe. The last few are kept.</remarks>
internal sealed class SpecCache
{
    private const int Kept = 8;
    private readonly Lock _lock = new();
    private readonly LinkedList<Known> _known = new();

    public (ModelSpec Spec, BlockLayout Layout) Get(byte[] json)
    {
        lock (_lock)
        {
            for (var node = _known.First; node is not null; node = node.Next)
                if (node.Value.Json.AsSpan().SequenceEqual(json)) return (node.Value.Spec, node.Value.Layout);
            var spec = ModelSpecJson.Decode(json, "the spec of a block");
            spec.Validate();
            _known.AddFirst(new Known(json, spec, BlockLayout.Create(spec)));
            if (_known.Count > Kept) _known.RemoveLast();
            return (spec, _known.First!.Value.Layout);
        }
    }

    private sealed record Known(byte[] Json, ModelSpec Spec, BlockLayout Layout);
}
