using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace OrleansPs.Protocol.Tests;

/// <summary>Orleans' serializer, as client and silo have it.</summary>
internal static class WireRig
{
    private static readonly Serializer s_serializer = new ServiceCollection()
        .AddSerializer(b => b.AddAssembly(typeof(IBlockGrain).Assembly)).BuildServiceProvider().GetRequiredService<Serializer>();

    public static byte[] Write<T>(T value) => s_serializer.SerializeToArray(value);

    public static T Read<T>(byte[] bytes) => s_serializer.Deserialize<T>(bytes)!;

    public static T Travel<T>(T value) => Read<T>(Write(value));
}
