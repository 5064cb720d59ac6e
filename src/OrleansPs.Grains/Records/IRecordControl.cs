namespace OrleansPs.Grains;

/// <summary>A copy of a model's control record, on another silo than the coordinator.</summary>
[Alias("orleansps.IRecordControl")]
internal interface IRecordControl : IGrainWithStringKey
{
    /// <summary>Begins with a state.</summary>
    [Alias("Begin")]
    Task<RecordReply> Begin(byte[] spec, byte[] state, long term);

    /// <summary>Adds decisions, of which the first one has the index; those it has are passed over.</summary>
    [Alias("Append")]
    Task<RecordReply> Append(Guid nonce, long term, long first, byte[][] entries);

    /// <summary>Refuses older terms from now on, and tells all it has.</summary>
    [Alias("Raise")]
    Task<RecordReply> Raise(Guid nonce, long term);

    /// <summary>Frees it.</summary>
    [Alias("Close")]
    Task Close();
}

/// <summary>What a copy of the record says.</summary>
internal enum RecordStatus : byte
{
    /// <summary>It is done.</summary>
    Ok,

    /// <summary>A newer coordinator has the record.</summary>
    Refused,

    /// <summary>This is another activation, and empty.</summary>
    Lost,
}

/// <summary>The answer of a copy of the record.</summary>
/// <param name="Status">The outcome.</param>
/// <param name="Nonce">Which activation it is.</param>
/// <param name="Index">The newest decision that it has.</param>
/// <param name="State">All it has, if asked for.</param>
[GenerateSerializer, Alias("orleansps.RecordReply")]
internal sealed record RecordReply(
    [property: Id(0)] RecordStatus Status, [property: Id(1)] Guid Nonce, [property: Id(2)] long Index, [property: Id(3)] byte[]? State);
