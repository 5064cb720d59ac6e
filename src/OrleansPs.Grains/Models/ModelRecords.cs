namespace OrleansPs.Grains;

/// <summary>
/// A model's record in the storage, for all who write to it in a coordinator's name. Who writes names a term, and one below the
/// record's is refused: so no two coordinators change it past each other.
/// </summary>
/// <remarks>Thread safe.</remarks>
#pragma warning disable CA1001 // A semaphore that nobody waits for by its handle holds nothing.
internal sealed class ModelRecords(StoredRecord<ModelRecord> record)
#pragma warning restore CA1001
{
    private const int Attempts = 8;
    private readonly SemaphoreSlim _one = new(1);

    public ModelRecord? Value => record.Value;

    public Task<ModelRecord?> ReadAsync() => OneAsync(record.ReadAsync);

    public Task CreateAsync(ModelRecord value) => OneAsync(async () =>
    {
        await record.WriteAsync(value).ConfigureAwait(false);
        return true;
    });

    /// <summary>Deletes the record if it is as it was written here last.</summary>
    /// <returns>False if somebody else has changed it, or may have.</returns>
    public Task<bool> TryDeleteOwnAsync() => OneAsync(async () => record.IsOwn && await record.TryDeleteAsync().ConfigureAwait(false));

    /// <summary>Deletes the record.</summary>
    /// <returns>False if a newer coordinator has written.</returns>
    /// <exception cref="SnapshotStorageException">The storage refuses.</exception>
    public Task<bool> TryDeleteAsync(long term) => OneAsync(async () =>
    {
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            if (record.Value is not { } present) return true;
            if (present.Term > term) return false;
            if (await record.TryDeleteAsync().ConfigureAwait(false)) return true;
            await record.ReadAsync().ConfigureAwait(false);
        }
        return false;
    });

    /// <summary>Changes the record. A write whose answer is lost may have been made: the record is read again, and the change is made once more.</summary>
    /// <returns>False if a newer coordinator has written.</returns>
    /// <exception cref="SnapshotStorageException">The storage refuses.</exception>
    public Task<bool> TryChangeAsync(long term, Func<ModelRecord, ModelRecord> change) => OneAsync(async () =>
    {
        for (var attempt = 1; ; attempt++)
        {
            if (record.Value is not { } present || present.Term > term) return false;
            try
            {
                await record.WriteAsync(change(present) with { Term = Math.Max(present.Term, term) }).ConfigureAwait(false);
                return true;
            }
            catch (SnapshotStorageException) when (attempt < Attempts)
            {
                await record.ReadAsync().ConfigureAwait(false);
            }
        }
    });

    private async Task<T> OneAsync<T>(Func<Task<T>> work)
    {
        await _one.WaitAsync().ConfigureAwait(false);
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }
}
