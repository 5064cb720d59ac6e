using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>The blocks that are active on this silo, by their grains' keys.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class LocalBlocks : ILocalBlocks
{
    private readonly ConcurrentDictionary<string, ILocalBlock> _blocks = new(StringComparer.Ordinal);

    public void Add(string key, ILocalBlock block) => _blocks[key] = block;

    public void Remove(string key, ILocalBlock block) => _blocks.TryRemove(new(key, block));

    public bool TryFind(string key, [NotNullWhen(true)] out ILocalBlock? block) => _blocks.TryGetValue(key, out block);
}
