using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OrleansPs.Grains;

/// <summary>One JSON record in the storage, and the tag it was last seen under. For one user at a time.</summary>
internal sealed class StoredRecord<T>(ByteStorage storage, string state, string key, JsonTypeInfo<T> type) where T : class
{
    private string? _tag;

    public T? Value { get; private set; }

    /// <summary>Whether it was written here last, and was not read since.</summary>
    public bool IsOwn { get; private set; }

    public async Task<T?> ReadAsync()
    {
        var (content, tag) = await storage.ReadAsync(state, key).ConfigureAwait(false);
        IsOwn = false;
        (Value, _tag) = (content is null ? null : Parse(content), tag);
        return Value;
    }

    /// <summary>Writes a value.</summary>
    /// <exception cref="SnapshotStorageException">Somebody else wrote since it was read, or the storage refused.</exception>
    public async Task WriteAsync(T value)
    {
        var (written, tag) = await storage.TryWriteAsync(state, key, JsonSerializer.SerializeToUtf8Bytes(value, type), _tag).ConfigureAwait(false);
        if (!written) throw new SnapshotStorageException(storage.Name, $"'{key}' was changed by another silo.", transient: true);
        (Value, _tag, IsOwn) = (value, tag, true);
    }

    /// <summary>Deletes it.</summary>
    /// <returns>False if somebody else wrote since it was read; it is there still.</returns>
    public async Task<bool> TryDeleteAsync()
    {
        if (!await storage.TryDeleteAsync(state, key, _tag).ConfigureAwait(false)) return false;
        (Value, _tag, IsOwn) = (null, null, false);
        return true;
    }

    private T Parse(byte[] content)
    {
        try
        {
            return JsonSerializer.Deserialize(content, type) ?? throw new JsonException("it is null.");
        }
        catch (JsonException e)
        {
            throw new SnapshotCorruptException(key, e.Message);
        }
    }
}
