using FastEndpoints;
using Games.Data;

namespace Games.Api.Ops;

/// <summary>What the endpoints of the outbox share. They are in no OpenAPI document: that one is for the communities' own programs.</summary>
internal sealed class OpsGroup : Group
{
    public OpsGroup() => Configure("/ops/outbox", endpoint =>
    {
        endpoint.Policies(Scope.Ops);
        endpoint.Description(route => route.ExcludeFromDescription());
    });
}
