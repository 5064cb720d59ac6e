namespace OrleansPs.Silo;

/// <summary>The configuration keys that the silo reads beside Orleans and ASP.NET, or speaks of.</summary>
internal static class SiloKeys
{
    public const string ClusterId = "Orleans:ClusterId";
    public const string ServiceId = "Orleans:ServiceId";
    public const string Address = "Orleans:Endpoints:AdvertisedIPAddress";
    public const string SiloPort = "Orleans:Endpoints:SiloPort";
    public const string GatewayPort = "Orleans:Endpoints:GatewayPort";
    public const string SiloListening = "Orleans:Endpoints:SiloListeningEndpoint";
    public const string GatewayListening = "Orleans:Endpoints:GatewayListeningEndpoint";
    public const string Clustering = "Orleans:Clustering";
    public const string GrainStorage = "Orleans:GrainStorage";
    public const string ProviderType = "ProviderType";

    /// <summary>ASP.NET's addresses of the HTTP endpoints, separated by semicolons.</summary>
    public const string Urls = "Urls";

    /// <summary>ASP.NET's ports of the HTTP endpoints on every address, as its container images set them.</summary>
    public const string HttpPorts = "HTTP_PORTS";

    /// <summary>ASP.NET's own section for HTTP endpoints; what it says goes before everything else.</summary>
    public const string KestrelEndpoints = "Kestrel:Endpoints";

    /// <summary>The section of <see cref="Grains.ParameterServerOptions"/>.</summary>
    public const string Section = "OrleansPs";

    public const string StorageName = "OrleansPs:StorageName";
    public const string DrainTimeout = "OrleansPs:DrainTimeout";

    /// <summary>How long clustering and storage may take to answer when the silo starts.</summary>
    public const string StartTimeout = "OrleansPs:StartTimeout";

    /// <summary>Declares that a directory is seen by all machines of the cluster.</summary>
    public const string SharedDirectory = "OrleansPs:SharedDirectory";

    /// <summary>What one has to know to see the dashboard.</summary>
    public const string DashboardKey = "Dashboard:Key";
}
