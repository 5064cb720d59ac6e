using System.Globalization;
using Orleans.Runtime;
using Orleans.Serialization.Serializers;
using Orleans.Storage;
using OrleansPs.Hosting;

namespace OrleansPs.Grains;

/// <summary>
/// Grain states in a directory, one file each, whose version is the state's tag. A file is written whole to another name, forced to
/// the disk and renamed, all under a lock; who reads needs none.
/// </summary>
/// <remarks>Thread safe, by any number of processes. <see cref="StoredBytes"/> are kept as they are, other states by the serializer.</remarks>
internal sealed class DirectoryGrainStorage(
    StateDirectory directory, IGrainStorageSerializer serializer, IActivatorProvider activators) : IGrainStorage
{
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        ArgumentNullException.ThrowIfNull(grainState);
        var path = directory.PathOf(stateName, grainId);
        var found = await GuardAsync(() => Task.FromResult(StateFile.Read(path))).ConfigureAwait(false);
        grainState.State = found is { } state ? Deserialize<T>(state.Content) : Create<T>();
        (grainState.ETag, grainState.RecordExists) = (TagOf(found?.Version)!, found is not null);
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        ArgumentNullException.ThrowIfNull(grainState);
        var (path, tag) = (directory.PathOf(stateName, grainId), grainState.ETag);
        // Before anything else: the grain may change its state while files are written.
        var content = Serialize(grainState.State);
        var version = await GuardAsync(async () =>
        {
            using var held = await directory.LockAsync(path).ConfigureAwait(false);
            var present = StateFile.ReadVersion(path);
            RequireTag(path, present, tag);
            var next = NextVersion(present);
            StateFile.Write(path, next, content.Span);
            return next;
        }).ConfigureAwait(false);
        (grainState.ETag, grainState.RecordExists) = (TagOf(version)!, true);
    }

    /// <inheritdoc/>
    /// <remarks>What is not there is cleared already, whatever the tag.</remarks>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        ArgumentNullException.ThrowIfNull(grainState);
        var (path, tag) = (directory.PathOf(stateName, grainId), grainState.ETag);
        await GuardAsync(async () =>
        {
            if (StateFile.ReadVersion(path) is null) return false;
            using var held = await directory.LockAsync(path).ConfigureAwait(false);
            if (StateFile.ReadVersion(path) is not { } present) return false;
            RequireTag(path, present, tag);
            File.Delete(path);
            DurableFile.FlushDirectory(Path.GetDirectoryName(path)!);
            return true;
        }).ConfigureAwait(false);
        (grainState.State, grainState.ETag, grainState.RecordExists) = (Create<T>(), null!, false);
    }

    // Files are no work for a grain's thread.
    private async Task<TResult> GuardAsync<TResult>(Func<Task<TResult>> work)
    {
        try
        {
            return await Task.Run(work).ConfigureAwait(false);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e))
        {
            throw StorageErrors.Of(directory.Root, e);
        }
    }

    private static void RequireTag(string path, long? present, string? tag)
    {
        var stored = TagOf(present);
        if (stored != (tag is "" ? null : tag))
            throw new InconsistentStateException($"'{path}' was written by somebody else.", stored ?? "", tag ?? "");
    }

    // The first version is drawn, so that the tag of a state that was cleared does not fit the one that came after it.
    private static long NextVersion(long? present) => present + 1 ?? Random.Shared.NextInt64(1, 1L << 52);

    private static string? TagOf(long? version) => version?.ToString(CultureInfo.InvariantCulture);

    private T Create<T>() => activators.GetActivator<T>().Create();

    private ReadOnlyMemory<byte> Serialize<T>(T state) =>
        state is StoredBytes bytes ? bytes.Content : serializer.Serialize(state).ToMemory();

    private T Deserialize<T>(byte[] content) => typeof(T) == typeof(StoredBytes)
        ? (T)(object)new StoredBytes { Content = content }
        : serializer.Deserialize<T>(new BinaryData(content)) ?? Create<T>();
}
