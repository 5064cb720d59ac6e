using OrleansPs.Hosting;

namespace OrleansPs.Grains.Tests;

/// <summary>Named bytes in a grain storage, and what becomes of the storage's refusals.</summary>
public sealed class ByteStorageTests
{
    private readonly StoreRig _rig = new();

    [Fact]
    public async Task Bytes_are_written_once_and_read_back()
    {
        Assert.Equal((null, null), await _rig.Bytes().ReadAsync("state", "key"));

        var (written, tag) = await _rig.Bytes().TryWriteAsync("state", "key", [1, 2], null);

        Assert.True(written);
        var read = await _rig.Bytes().ReadAsync("state", "key");
        Assert.Equal((byte[])[1, 2], read.Content);
        Assert.Equal(tag, read.Tag);
        Assert.Equal((false, null), await _rig.Bytes().TryWriteAsync("state", "key", [3], null));
        Assert.Equal((byte[])[1, 2], (await _rig.Bytes().ReadAsync("state", "key")).Content);
    }

    [Fact]
    public async Task Bytes_change_only_under_their_newest_tag()
    {
        var bytes = _rig.Bytes();
        var (_, first) = await bytes.TryWriteAsync("state", "key", [1], null);
        var (written, second) = await bytes.TryWriteAsync("state", "key", [2], first);

        Assert.True(written);
        Assert.Equal((false, null), await bytes.TryWriteAsync("state", "key", [3], first));
        Assert.Equal((byte[])[2], (await bytes.ReadAsync("state", "key")).Content);
        Assert.True((await bytes.TryWriteAsync("state", "key", [4], second)).Written);
    }

    [Fact]
    public async Task Writing_the_same_twice_is_harmless_and_keeps_the_tag()
    {
        await _rig.Bytes().WriteAsync("state", "key", [1, 2]);
        var (_, tag) = await _rig.Bytes().ReadAsync("state", "key");

        await _rig.Bytes().WriteAsync("state", "key", [1, 2]);

        Assert.Equal(tag, (await _rig.Bytes().ReadAsync("state", "key")).Tag);
    }

    [Fact]
    public async Task Other_bytes_are_written_over_what_is_there()
    {
        await _rig.Bytes().WriteAsync("state", "key", [1, 2]);
        await _rig.Bytes().WriteAsync("state", "key", [3]);

        Assert.Equal((byte[])[3], (await _rig.Bytes().ReadAsync("state", "key")).Content);
    }

    [Fact]
    public async Task Who_is_overtaken_while_he_writes_over_something_is_told_to_come_again()
    {
        await _rig.Bytes().WriteAsync("state", "key", [1]);
        var (writes, other) = (0, (byte)7);
        var storage = new MeddledStorage(_rig.Shared)
        {
            // Between his look and his second write.
            BeforeWrite = _ =>
            {
                if (++writes == 2) _rig.Bytes().WriteAsync("state", "key", [++other]).GetAwaiter().GetResult();
            },
        };

        var e = await Assert.ThrowsAsync<SnapshotStorageException>(() => _rig.Bytes(storage).WriteAsync("state", "key", [2]));

        Assert.True(e.IsTransient);
        Assert.Equal((byte[])[other], (await _rig.Bytes().ReadAsync("state", "key")).Content);
    }

    [Fact]
    public async Task Deleted_bytes_are_gone_and_deleting_nothing_is_harmless()
    {
        await _rig.Bytes().WriteAsync("state", "key", [1]);

        for (var i = 0; i < 2; i++) await _rig.Bytes().DeleteAsync("state", "key");

        Assert.Equal((null, null), await _rig.Bytes().ReadAsync("state", "key"));
        Assert.Equal(0, _rig.Shared.CountOf(""));
        await _rig.Bytes().WriteAsync("state", "key", [2]);
    }

    [Fact]
    public async Task States_keys_and_services_are_kept_apart()
    {
        await _rig.Bytes().WriteAsync("state", "key", [1]);

        Assert.Null((await _rig.Bytes().ReadAsync("other", "key")).Content);
        Assert.Null((await _rig.Bytes().ReadAsync("state", "kez")).Content);
        Assert.Null((await _rig.Bytes(serviceId: "s2").ReadAsync("state", "key")).Content);
    }

    public static TheoryData<Exception> Refusals =>
    [
        new InvalidOperationException("no access\r\nto the account"), new IOException("no access"), new TimeoutException("no access"),
        new TaskCanceledException("no access"),
    ];

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Whatever_a_storage_throws_is_one_sentence_and_passes(Exception refusal)
    {
        var storage = new MeddledStorage(_rig.Shared);
        await _rig.Bytes().WriteAsync("state", "key", [1]);
        await RefusedAsync(() => _rig.Bytes(storage).ReadAsync("state", "key"), read: true);
        await RefusedAsync(() => _rig.Bytes(storage).DeleteAsync("state", "key"), read: true);
        await RefusedAsync(() => _rig.Bytes(storage).DeleteAsync("state", "key"));
        await RefusedAsync(() => _rig.Bytes(storage).WriteAsync("state", "key", [2]));
        await RefusedAsync(() => _rig.Bytes(storage).TryWriteAsync("state", "new", [2], null));
        await RefusedAsync(() => _rig.Open(storage).WriteChunkAsync(StoreRig.Model, "g0-c1-b0-e0", new byte[1], default).AsTask());
        await RefusedAsync(() => StoreRig.TakeNumberAsync(_rig.Open(storage)));
        await RefusedAsync(() => _rig.Open(storage).ListAsync(StoreRig.Model, default).AsTask(), read: true);
        await RefusedAsync(() => _rig.Open(storage).ProbeAsync(default).AsTask());
        Assert.Equal((byte[])[1], (await _rig.Bytes().ReadAsync("state", "key")).Content);
        Assert.Equal(1, _rig.Shared.CountOf(""));

        async Task RefusedAsync(Func<Task> call, bool read = false)
        {
            (storage.BeforeRead, storage.BeforeWrite) = (_ => ThrowIf(read), _ => ThrowIf(!read));
            var e = await Assert.ThrowsAsync<SnapshotStorageException>(call);
            Assert.True(e.IsTransient);
            Assert.Equal("Grain storage 'snapshots': it refused: no access", e.Message);
            Assert.Same(refusal, e.InnerException);
        }

        void ThrowIf(bool throws)
        {
            if (throws) throw refusal;
        }
    }
}
