using System.Buffers.Binary;
using System.Globalization;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansPs.Hosting;

namespace OrleansPs.Grains;

/// <summary>Where a <see cref="DirectoryGrainStorage"/> keeps states.</summary>
public sealed class DirectoryGrainStorageOptions
{
    /// <summary>
    /// A directory that all silos see, made where it does not exist. Environment variables and a leading <c>~/</c> are filled in; what
    /// is relative begins at the current directory.
    /// </summary>
    public string Directory { get; set; } = "";
}

/// <summary>
/// Grain states in a directory, one file each: a mark, the version that is its tag, then the state. A file is written whole to
/// another name, forced to the disk and renamed; what changes a present one holds a lock.
/// </summary>
/// <remarks>Thread safe, by any number of processes. <see cref="StoredBytes"/> are kept as they are, other states by a serializer.</remarks>
internal sealed class DirectoryGrainStorage(string directory, IGrainStorageSerializer serializer) : IGrainStorage
{
    private const int HeaderBytes = 16;
    private const int MaxNameLength = 200;

    private readonly string _root = Path.Combine(directory, "storage");

    private static ReadOnlySpan<byte> Magic => "OPSSTATE"u8;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => GuardAsync(() =>
    {
        var path = PathOf(stateName, grainId);
        var (found, version, content) = Read(path);
        grainState.RecordExists = found;
        grainState.ETag = found ? TagOf(version) : null!;
        grainState.State = found ? Parse<T>(content) : Activator.CreateInstance<T>();
        return Task.CompletedTask;
    });

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => GuardAsync(async () =>
    {
        var path = PathOf(stateName, grainId);
        DurableFile.CreateDirectory(Path.GetDirectoryName(path)!);
        using var held = await DirectoryLock.TakeAsync(path + ".lock").ConfigureAwait(false);
        var (found, version, _) = Read(path, withContent: false);
        RequireTag(path, found, version, grainState.ETag);
        DurableFile.Write(path, Format(version + 1, grainState.State));
        DurableFile.FlushDirectory(Path.GetDirectoryName(path)!);
        grainState.ETag = TagOf(version + 1);
        grainState.RecordExists = true;
    });

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => GuardAsync(async () =>
    {
        var path = PathOf(stateName, grainId);
        if (File.Exists(path))
        {
            using var held = await DirectoryLock.TakeAsync(path + ".lock").ConfigureAwait(false);
            var (found, version, _) = Read(path, withContent: false);
            if (found) RequireTag(path, found, version, grainState.ETag);
            File.Delete(path);
            File.Delete(path + ".lock");
        }
        (grainState.ETag, grainState.RecordExists, grainState.State) = (null!, false, Activator.CreateInstance<T>());
    });

    private async Task GuardAsync(Func<Task> work)
    {
        try
        {
            await Task.Run(work).ConfigureAwait(false);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e))
        {
            throw StorageErrors.Of(_root, e);
        }
    }

    private static void RequireTag(string path, bool found, long version, string? tag)
    {
        var present = found ? TagOf(version) : null;
        if (present != tag) throw new InconsistentStateException($"'{path}' was written by somebody else.", present ?? "", tag ?? "");
    }

    // Each part of a grain's key is a directory, so that a person finds a model's states beside each other.
    private string PathOf(string stateName, GrainId grainId)
    {
        var parts = $"{grainId.Type}/{grainId.Key}".Split('/').Select(NameOf);
        return Path.Combine([_root, .. parts]) + "." + NameOf(stateName);
    }

    private static string NameOf(string part)
    {
        var name = Uri.EscapeDataString(part);
        if (name.Length == 0) return "%";
        if (name[0] == '.') name = "%2E" + name[1..];
        return name.Length <= MaxNameLength ? name
            : name[..(MaxNameLength - 64)] + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(part)));
    }

    private static (bool Found, long Version, byte[] Content) Read(string path, bool withContent = true)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            var header = new byte[HeaderBytes];
            if (RandomAccess.Read(file, header, 0) < HeaderBytes || !header.AsSpan(0, Magic.Length).SequenceEqual(Magic))
                throw new SnapshotCorruptException(path, "it does not begin as a state does.");
            var version = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(Magic.Length));
            if (!withContent) return (true, version, []);
            var content = GC.AllocateUninitializedArray<byte>(checked((int)(RandomAccess.GetLength(file) - HeaderBytes)));
            for (var at = 0; at < content.Length;)
            {
                var read = RandomAccess.Read(file, content.AsSpan(at), HeaderBytes + at);
                if (read == 0) throw new SnapshotCorruptException(path, "it breaks off.");
                at += read;
            }
            return (true, version, content);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return (false, 0, []);
        }
    }

    private byte[] Format<T>(long version, T? state)
    {
        var content = state is StoredBytes bytes ? bytes.Content : serializer.Serialize(state).ToArray();
        var file = GC.AllocateUninitializedArray<byte>(HeaderBytes + content.Length);
        Magic.CopyTo(file);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(Magic.Length), version);
        content.CopyTo(file, HeaderBytes);
        return file;
    }

    private T Parse<T>(byte[] content) =>
        typeof(T) == typeof(StoredBytes) ? (T)(object)new StoredBytes { Content = content } : serializer.Deserialize<T>(new BinaryData(content))!;

    private static string TagOf(long version) => version.ToString(CultureInfo.InvariantCulture);
}
