using Orleans.Runtime;
using Orleans.Storage;

namespace OrleansPs.Grains;

/// <summary>
/// Named bytes in a grain storage, with compare-and-swap by the storage's own tags. Whatever a provider throws comes out as a
/// <see cref="SnapshotStorageException"/>.
/// </summary>
/// <remarks>Thread safe. Keys hold the service id, for not every provider keeps services apart.</remarks>
internal sealed class ByteStorage(IGrainStorage storage, string storageName, string serviceId)
{
    private static readonly GrainType s_type = GrainType.Create("orleansps");

    public string Name { get; } = $"Grain storage '{storageName}'";

    /// <summary>Reads bytes; the content is null where there are none.</summary>
    public async Task<(byte[]? Content, string? Tag)> ReadAsync(string state, string key)
    {
        var record = new GrainState<StoredBytes>();
        await GuardAsync(() => storage.ReadStateAsync(state, IdOf(key), record)).ConfigureAwait(false);
        return (record.RecordExists ? record.State?.Content : null, record.ETag);
    }

    /// <summary>Writes bytes if the tag is still the one that was read; null for what is new.</summary>
    /// <returns>The new tag; null with <c>false</c> if somebody else wrote meanwhile.</returns>
    public async Task<(bool Written, string? Tag)> TryWriteAsync(string state, string key, byte[] content, string? tag)
    {
        var record = new GrainState<StoredBytes>(new StoredBytes { Content = content }, tag) { RecordExists = tag is not null };
        try
        {
            await GuardAsync(() => storage.WriteStateAsync(state, IdOf(key), record)).ConfigureAwait(false);
            return (true, record.ETag);
        }
        catch (SnapshotStorageException e) when (e.InnerException is InconsistentStateException)
        {
            return (false, null);
        }
    }

    /// <summary>Writes bytes over whatever is there.</summary>
    public async Task WriteAsync(string state, string key, byte[] content)
    {
        if ((await TryWriteAsync(state, key, content, null).ConfigureAwait(false)).Written) return;
        var (present, tag) = await ReadAsync(state, key).ConfigureAwait(false);
        if (present is not null && present.AsSpan().SequenceEqual(content)) return;
        if (!(await TryWriteAsync(state, key, content, tag).ConfigureAwait(false)).Written)
            throw new SnapshotStorageException(Name, $"'{key}' was written by somebody else at the same time.", transient: true);
    }

    /// <summary>Deletes bytes; nothing happens if there are none.</summary>
    public async Task DeleteAsync(string state, string key)
    {
        var record = new GrainState<StoredBytes>();
        await GuardAsync(() => storage.ReadStateAsync(state, IdOf(key), record)).ConfigureAwait(false);
        if (record.RecordExists) await GuardAsync(() => storage.ClearStateAsync(state, IdOf(key), record)).ConfigureAwait(false);
    }

    /// <summary>Deletes bytes that have a tag.</summary>
    /// <returns>False if somebody else has changed them since.</returns>
    public async Task<bool> TryDeleteAsync(string state, string key, string? tag)
    {
        var record = new GrainState<StoredBytes> { ETag = tag, RecordExists = true };
        try
        {
            await GuardAsync(() => storage.ClearStateAsync(state, IdOf(key), record)).ConfigureAwait(false);
            return true;
        }
        catch (SnapshotStorageException e) when (e.InnerException is InconsistentStateException)
        {
            return false;
        }
    }

    private GrainId IdOf(string key) => GrainId.Create(s_type, IdSpan.Create($"{serviceId}/{key}"));

    private async Task GuardAsync(Func<Task> call)
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        // A cancellation too: nobody cancels a call, so that is a provider whose own patience ended.
        catch (Exception e) when (e is not ParameterServerException)
        {
            throw new SnapshotStorageException(Name, $"it refused: {FirstLine(e.Message)}", transient: true, e);
        }
    }

    private static string FirstLine(string message)
    {
        var end = message.IndexOfAny(['\r', '\n']);
        return end < 0 ? message : message[..end];
    }
}
