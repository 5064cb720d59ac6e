namespace OrleansPs.Client.Tests;

public sealed class SnapshotReadTests
{
    [Theory]
    [InlineData(null)]
    [InlineData(4L)]
    public async Task A_snapshot_is_copied_piece_by_piece(long? cut)
    {
        using var desk = new Desk();
        var b = new TensorSet { { "b", new float[1024] } };
        desk.Snapshots.Content = desk.Snapshots.ContentOf(3, block => new float[block == 1 ? 1500 : 1024]);

        var info = await desk.Reader.ReadSnapshotAsync(cut, desk.Values);
        await desk.Reader.ReadSnapshotAsync(cut, b);

        Assert.Equal(4, info.Cut);
        Assert.Equal([cut, cut], desk.Snapshots.Asked);
        for (var p = 0; p < 3; p++)
            Assert.Equal(Enumerable.Range(p * 1024, 1024).Select(x => (float)x), desk.Values[p].Value.ToArray());
        Assert.Equal(desk.Values["b"].ToArray(), b["b"].ToArray());
        Assert.Empty(desk.Transport.Requests);
    }

    [Theory]
    [InlineData(2, 1024)]
    [InlineData(3, 1023)]
    public async Task A_snapshot_of_other_blocks_is_damaged(int blocks, int length)
    {
        using var desk = new Desk();
        desk.Snapshots.Content = desk.Snapshots.ContentOf(blocks, _ => new float[length], length);

        await Assert.ThrowsAsync<SnapshotCorruptException>(() => desk.Reader.ReadSnapshotAsync(4, desk.Values));

        Assert.All(desk.Values, v => Assert.All(v.Value.ToArray(), x => Assert.Equal(0, x)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Arrays_of_the_shared_pool_go_back_to_it_and_others_do_not(bool pooled)
    {
        using var desk = new Desk();
        // The pool throws at what cannot be its own, such as an array of 1,500 floats.
        desk.Snapshots.Content = desk.Snapshots.ContentOf(3, _ => new float[1500]) with { ArePooled = pooled };

        var read = desk.Reader.ReadSnapshotAsync(4, desk.Values);

        if (pooled) await Assert.ThrowsAsync<ArgumentException>(() => read);
        else await read;
    }
}
