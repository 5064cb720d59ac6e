using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Messaging;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansPs.Conformance;
using OrleansPs.Protocol;

namespace OrleansPs.Grains.Tests;

/// <summary>The directory as a configuration chooses it, without a line of code.</summary>
public sealed class DirectoryProviderTests : IDisposable
{
    private static readonly GrainId s_id = GrainId.Create("thing", "one");
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_silo_takes_membership_and_storage_from_its_configuration()
    {
        using var silo = Silo();

        Assert.IsType<DirectoryMembershipTable>(silo.Services.GetRequiredService<IMembershipTable>());
        Assert.Equal(_directory.FullPath, silo.Services.GetRequiredService<IOptions<DirectoryClusteringOptions>>().Value.Directory);
        Assert.IsType<DirectoryGrainStorage>(silo.Services.GetRequiredKeyedService<IGrainStorage>("notes"));
    }

    [Fact]
    public void A_client_takes_gateways_from_its_configuration()
    {
        using var client = Client();

        Assert.IsType<DirectoryGatewayListProvider>(client.Services.GetRequiredService<IGatewayListProvider>());
        Assert.Equal(_directory.FullPath, client.Services.GetRequiredService<IOptions<DirectoryClusteringOptions>>().Value.Directory);
    }

    [Fact]
    public async Task Storage_lies_below_the_directory_by_service_type_and_name()
    {
        using var silo = Silo();

        await StorageRig.WriteAsync(StorageOf(silo), s_id, new Thing { Name = "a" });

        Assert.True(File.Exists(Path.Combine(_directory.FullPath, "storage", "s1", "thing", "state", "one")));
    }

    [Fact]
    public async Task Other_states_go_through_the_serializer_that_the_key_names()
    {
        using var silo = Silo(("Orleans:GrainStorage:notes:SerializerKey", "mine"));

        await StorageRig.WriteAsync(StorageOf(silo), s_id, new Thing { Name = "a" });
        await StorageRig.WriteAsync(StorageOf(silo), s_id, new StoredBytes { Content = [1, 2] }, name: "bytes");

        Assert.Equal("mine", (await StorageRig.ReadAsync<Thing>(StorageOf(silo), s_id)).State!.Name);
        Assert.Equal([1, 2], (await StorageRig.ReadAsync<StoredBytes>(StorageOf(silo), s_id, "bytes")).State!.Content);
    }

    [Fact]
    public async Task Without_a_key_it_is_the_serializer_that_Orleans_registers()
    {
        using var silo = Silo();

        await StorageRig.WriteAsync(StorageOf(silo), s_id, new Thing { Name = "a" });

        var file = await File.ReadAllBytesAsync(Path.Combine(_directory.FullPath, "storage", "s1", "thing", "state", "one"));
        var expected = silo.Services.GetRequiredService<IGrainStorageSerializer>().Serialize(new Thing { Name = "a" });
        Assert.Equal(expected.ToArray(), file[16..]);
    }

    [Theory]
    [InlineData("Orleans:Clustering:Directory", "", "it must name a directory that all silos see.")]
    [InlineData("Orleans:Clustering:Directory", "$ORLEANSPS_NOT_SET", "the environment variable ORLEANSPS_NOT_SET is not set.")]
    [InlineData("Orleans:GrainStorage:notes:Directory", " ", "it must name a directory that all silos see.")]
    public async Task A_silo_without_a_directory_does_not_start(string key, string value, string rule)
    {
        using var silo = Silo((key, value));

        var error = await Assert.ThrowsAsync<InvalidOptionsException>(() => silo.StartAsync());

        Assert.Equal($"{key} is '{value}': {rule}", error.Message);
    }

    [Fact]
    public void A_client_without_a_directory_does_not_start()
    {
        using var client = Client(("Orleans:Clustering:Directory", ""));

        var error = Assert.Throws<InvalidOptionsException>(() => client.Services.GetRequiredService<IClusterClient>());

        Assert.Equal("Orleans:Clustering:Directory is '': it must name a directory that all silos see.", error.Message);
    }

    private static IGrainStorage StorageOf(IHost silo) => silo.Services.GetRequiredKeyedService<IGrainStorage>("notes");

    private IHost Silo(params (string Key, string Value)[] settings)
    {
        var builder = Builder([("Orleans:GrainStorage:notes:ProviderType", "Directory"), ("Orleans:GrainStorage:notes:Directory", _directory.FullPath), .. settings]);
        builder.UseOrleans(silo => silo.Services.AddKeyedSingleton<IGrainStorageSerializer, MySerializer>("mine"));
        return builder.Build();
    }

    private IHost Client(params (string Key, string Value)[] settings)
    {
        var builder = Builder(settings);
        builder.UseOrleansClient();
        return builder.Build();
    }

    private HostApplicationBuilder Builder((string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        var values = new Dictionary<string, string?>
        {
            ["Orleans:ClusterId"] = "c1",
            ["Orleans:ServiceId"] = "s1",
            ["Orleans:Clustering:ProviderType"] = "Directory",
            ["Orleans:Clustering:Directory"] = _directory.FullPath,
        };
        foreach (var (key, value) in settings) values[key] = value;
        builder.Configuration.AddInMemoryCollection(values);
        return builder;
    }

    private sealed class MySerializer : IGrainStorageSerializer
    {
        public BinaryData Serialize<T>(T? input) => input is Thing ? new([]) : throw new NotSupportedException();

        public T? Deserialize<T>(BinaryData input) => (T)(object)new Thing { Name = "mine" };
    }
}
