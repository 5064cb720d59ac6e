namespace OrleansPs.Grains.Tests;

/// <summary>Records that are kept as JSON, and the serializer that leaves bytes as they are.</summary>
public sealed class StoredRecordTests
{
    private readonly StoreRig _rig = new();

    [Fact]
    public async Task A_record_is_written_read_and_deleted()
    {
        var record = Record();
        Assert.Null(await record.ReadAsync());
        await record.WriteAsync(new() { NextCut = 5 });
        await record.WriteAsync(new() { NextCut = 6 });

        Assert.Equal(6, (await Record().ReadAsync())!.NextCut);
        Assert.Equal(6, record.Value!.NextCut);

        Assert.True(await record.TryDeleteAsync());
        Assert.Null(record.Value);
        Assert.Null(await Record().ReadAsync());
        await record.WriteAsync(new());
    }

    [Fact]
    public async Task Who_has_not_seen_the_newest_record_does_not_write_over_it()
    {
        var (one, two) = (Record(), Record());
        await one.ReadAsync();
        await two.ReadAsync();
        await one.WriteAsync(new() { NextCut = 5 });

        var e = await Assert.ThrowsAsync<SnapshotStorageException>(() => two.WriteAsync(new() { NextCut = 6 }));

        Assert.Equal("Grain storage 'snapshots': 'key' was changed by another silo.", e.Message);
        Assert.True(e.IsTransient);
        Assert.Null(two.Value);
        Assert.Equal(5, (await two.ReadAsync())!.NextCut);
        await two.WriteAsync(new() { NextCut = 7 });
    }

    [Fact]
    public async Task Nor_does_he_delete_it()
    {
        var (one, two) = (Record(), Record());
        await one.WriteAsync(new() { NextCut = 5 });
        await two.ReadAsync();
        await one.WriteAsync(new() { NextCut = 6 });
        Assert.True(one.IsOwn);

        Assert.False(await two.TryDeleteAsync());
        Assert.False(two.IsOwn);

        Assert.Equal(6, (await two.ReadAsync())!.NextCut);
        Assert.True(await two.TryDeleteAsync());
        Assert.Null(await one.ReadAsync());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    public async Task What_is_no_record_is_refused_by_name(string text)
    {
        await _rig.Bytes().WriteAsync("record", "key", System.Text.Encoding.UTF8.GetBytes(text));

        Assert.Equal("key", (await Assert.ThrowsAsync<SnapshotCorruptException>(() => Record().ReadAsync())).Name);
    }

    [Fact]
    public void The_serializer_leaves_bytes_as_they_are_and_refuses_all_else()
    {
        var serializer = new StoredBytesSerializer();

        Assert.Equal([1, 2], serializer.Serialize(new StoredBytes { Content = [1, 2] }).ToArray());
        Assert.Equal((byte[])[1, 2], serializer.Deserialize<StoredBytes>(new([1, 2]))!.Content);
        Assert.Contains("Thing", Assert.Throws<NotSupportedException>(() => serializer.Serialize(new Thing())).Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => serializer.Deserialize<Thing>(new([1, 2])));
    }

    private StoredRecord<SnapshotIndex> Record() => new(_rig.Bytes(), "record", "key", IndexJson.Default.SnapshotIndex);
}
