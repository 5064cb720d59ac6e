using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;
using OrleansPs.Conformance;

namespace OrleansPs.Grains.Tests;

/// <summary>Grain storages over one directory, as silos have them.</summary>
internal sealed class StorageRig : IDisposable
{
    public static readonly GrainId Counter = GrainId.Create("counter", "c");

    private static readonly ServiceProvider s_services = new ServiceCollection().AddSerializer().BuildServiceProvider();
    private readonly TempDirectory _directory = new();

    public string Root => Path.Combine(_directory.FullPath, "storage");

    public DirectoryGrainStorage Open(string serviceId = "service") => Open(Root, serviceId);

    public static DirectoryGrainStorage Open(string root, string serviceId = "service") => new(
        new(root, serviceId), new OrleansGrainStorageSerializer(s_services.GetRequiredService<Serializer>()),
        s_services.GetRequiredService<IActivatorProvider>());

    /// <summary>The files of states; not of locks.</summary>
    public string[] Files() => !Directory.Exists(Root) ? [] :
        [.. Directory.GetFiles(Root, "*", SearchOption.AllDirectories).Where(f => !f.Contains(".locks", StringComparison.Ordinal))];

    public static async Task<GrainState<T>> ReadAsync<T>(IGrainStorage storage, GrainId id, string name = "state")
    {
        var state = new GrainState<T>();
        await storage.ReadStateAsync(name, id, state);
        return state;
    }

    public static async Task<GrainState<T>> WriteAsync<T>(IGrainStorage storage, GrainId id, T value, string? tag = null, string name = "state")
    {
        var state = new GrainState<T>(value, tag);
        await storage.WriteStateAsync(name, id, state);
        return state;
    }

    /// <summary>Adds 1 to a number as a grain would: reads, tries, and reads again when somebody else was faster.</summary>
    public static async Task AddAsync(IGrainStorage storage, GrainId id)
    {
        while (true)
        {
            var state = await ReadAsync<StoredBytes>(storage, id);
            var number = NumberIn(state.State) + 1;
            try
            {
                await WriteAsync(storage, id, new StoredBytes { Content = BitConverter.GetBytes(number) }, state.ETag);
                return;
            }
            catch (InconsistentStateException)
            {
            }
        }
    }

    public static async Task<int> NumberAsync(IGrainStorage storage, GrainId id) => NumberIn((await ReadAsync<StoredBytes>(storage, id)).State);

    public void Dispose() => _directory.Dispose();

    private static int NumberIn(StoredBytes? state) => state?.Content is { Length: > 0 } bytes ? BitConverter.ToInt32(bytes) : 0;
}
