using System.Reflection;
using OrleansPs.Hosting;

namespace OrleansPs.Hosting.Tests;

/// <summary>A snapshot that retention deletes while somebody reads it is gone, not damaged.</summary>
public sealed class ReadWhileDeletedTests : IDisposable
{
    private readonly SnapshotDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_newest_one_is_looked_for_again()
    {
        await Cuts.WriteAsync(_directory.Store, 1);
        var store = BeforeFirstRead(async () =>
        {
            await Cuts.WriteAsync(_directory.Store, 2);
            await _directory.Store.DeleteAsync(Cuts.Model, 1, default);
        });
        var loaded = await Cuts.LoadAsync(store);
        Cuts.AssertIs(2, loaded);
        Assert.Empty(loaded.Skipped);
    }

    [Fact]
    public async Task A_named_one_is_not_found()
    {
        await Cuts.WriteAsync(_directory.Store, 1, 2);
        var store = BeforeFirstRead(async () => await _directory.Store.DeleteAsync(Cuts.Model, 1, default));
        var e = await Assert.ThrowsAsync<SnapshotNotFoundException>(async () => await store.LoadAsync(Cuts.Model, 1, default));
        Assert.Equal(1, e.Cut);
    }

    private ISnapshotStore BeforeFirstRead(Func<Task> work)
    {
        var store = DispatchProxy.Create<ISnapshotStore, Meddler>();
        ((Meddler)(object)store).Begin(_directory.Store, work);
        return store;
    }

    /// <summary>A storage in which something happens right before the first chunk is read.</summary>
#pragma warning disable CA1852 // The proxy derives from it at run time.
    internal class Meddler : DispatchProxy
#pragma warning restore CA1852
    {
        private ISnapshotStore? _inner;
        private Func<Task>? _work;

        public void Begin(ISnapshotStore inner, Func<Task> work) => (_inner, _work) = (inner, work);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name == nameof(ISnapshotStore.ReadChunkAsync) && _work is { } work)
            {
                _work = null;
                work().GetAwaiter().GetResult();
            }
            return targetMethod.Invoke(_inner, args);
        }
    }
}
