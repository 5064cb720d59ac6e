using Orleans.Storage;

namespace OrleansPs.Grains;

/// <summary>
/// Writes <see cref="StoredBytes"/> as they are, where the usual serializers would make text of them. Providers are told to use
/// it by the key <see cref="Key"/>: <c>"SerializerKey": "OrleansPs"</c>.
/// </summary>
internal sealed class StoredBytesSerializer : IGrainStorageSerializer
{
    public const string Key = "OrleansPs";

    public BinaryData Serialize<T>(T? input) => input is StoredBytes bytes ? BinaryData.FromBytes(bytes.Content) : throw Foreign<T>();

    public T? Deserialize<T>(BinaryData input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new StoredBytes { Content = input.ToArray() } is T bytes ? bytes : throw Foreign<T>();
    }

    private static NotSupportedException Foreign<T>() => new(
        $"The serializer '{Key}' is for the snapshots of the parameter service, not for {typeof(T).Name}: use it in no other grain storage.");
}
