using System.Collections.Concurrent;
using System.Globalization;
using Orleans.Runtime;
using Orleans.Storage;

namespace OrleansPs.Grains.Tests;

/// <summary>A grain storage outside all silos, as a real one is: it outlives them, checks tags, and can be made to refuse.</summary>
internal sealed class SharedStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new();
    private long _tags;

    /// <summary>Is asked before every write with the state's name; what it throws, the storage throws.</summary>
    public Action<string>? OnWrite { get; set; }

    /// <summary>How many states are kept under names that contain a text.</summary>
    public int CountOf(string text) => _entries.Keys.Count(k => k.Contains(text, StringComparison.Ordinal));

    /// <summary>Damages all states whose name contains a text.</summary>
    public int Damage(string text)
    {
        var hit = _entries.Where(e => e.Key.Contains(text, StringComparison.Ordinal)).ToArray();
        foreach (var (key, entry) in hit)
        {
            byte[] bytes = [.. entry.Content];
            bytes[bytes.Length / 2] ^= 1;
            _entries[key] = entry with { Content = bytes };
        }
        return hit.Length;
    }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var found = _entries.TryGetValue(KeyOf(stateName, grainId), out var entry);
        grainState.RecordExists = found;
        grainState.ETag = found ? entry!.Tag : null!;
        grainState.State = found ? (T)(object)new StoredBytes { Content = [.. entry!.Content] } : Activator.CreateInstance<T>();
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        OnWrite?.Invoke(stateName);
        var next = new Entry(
            [.. ((StoredBytes)(object)grainState.State!).Content], Interlocked.Increment(ref _tags).ToString(CultureInfo.InvariantCulture));
        var key = KeyOf(stateName, grainId);
        if (grainState.ETag is { } tag)
        {
            if (!_entries.TryGetValue(key, out var present) || present.Tag != tag || !_entries.TryUpdate(key, next, present))
                throw new InconsistentStateException("Somebody else wrote.", present?.Tag ?? "", tag);
        }
        else if (!_entries.TryAdd(key, next))
        {
            throw new InconsistentStateException("It exists.", "", "");
        }
        grainState.ETag = next.Tag;
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        OnWrite?.Invoke(stateName);
        var key = KeyOf(stateName, grainId);
        if (_entries.TryGetValue(key, out var present) && present.Tag != grainState.ETag)
            throw new InconsistentStateException("Somebody else wrote.", present.Tag, grainState.ETag);
        _entries.TryRemove(key, out _);
        (grainState.ETag, grainState.RecordExists) = (null!, false);
        return Task.CompletedTask;
    }

    private static string KeyOf(string stateName, GrainId grainId) => $"{stateName}:{grainId}";

    private sealed record Entry(byte[] Content, string Tag);
}
