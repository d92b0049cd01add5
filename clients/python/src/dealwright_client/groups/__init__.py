"""Every group of operations as an attribute of the client.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from functools import cached_property

from dealwright_client.calling import AsyncCaller, Caller
from dealwright_client.groups.activity import ActivityGroup, AsyncActivityGroup
from dealwright_client.groups.activity_stream import ActivityStreamGroup, AsyncActivityStreamGroup
from dealwright_client.groups.api import ApiGroup, AsyncApiGroup
from dealwright_client.groups.audit import AsyncAuditGroup, AuditGroup
from dealwright_client.groups.auth import AsyncAuthGroup, AuthGroup
from dealwright_client.groups.batch import AsyncBatchGroup, BatchGroup
from dealwright_client.groups.contracts import AsyncContractsGroup, ContractsGroup
from dealwright_client.groups.customers import AsyncCustomersGroup, CustomersGroup
from dealwright_client.groups.dashboard_stats import AsyncDashboardStatsGroup, DashboardStatsGroup
from dealwright_client.groups.deal_notifications import AsyncDealNotificationsGroup, DealNotificationsGroup
from dealwright_client.groups.deal_participants import AsyncDealParticipantsGroup, DealParticipantsGroup
from dealwright_client.groups.deal_templates import AsyncDealTemplatesGroup, DealTemplatesGroup
from dealwright_client.groups.deals import AsyncDealsGroup, DealsGroup
from dealwright_client.groups.did_document import AsyncDidDocumentGroup, DidDocumentGroup
from dealwright_client.groups.display_mode import AsyncDisplayModeGroup, DisplayModeGroup
from dealwright_client.groups.events import AsyncEventsGroup, EventsGroup
from dealwright_client.groups.health import AsyncHealthGroup, HealthGroup
from dealwright_client.groups.import_ import AsyncImportGroup, ImportGroup
from dealwright_client.groups.invitations import AsyncInvitationsGroup, InvitationsGroup
from dealwright_client.groups.onboarding import AsyncOnboardingGroup, OnboardingGroup
from dealwright_client.groups.password_reset import AsyncPasswordResetGroup, PasswordResetGroup
from dealwright_client.groups.payment_intent import AsyncPaymentIntentGroup, PaymentIntentGroup
from dealwright_client.groups.payments import AsyncPaymentsGroup, PaymentsGroup
from dealwright_client.groups.playground import AsyncPlaygroundGroup, PlaygroundGroup
from dealwright_client.groups.products import AsyncProductsGroup, ProductsGroup
from dealwright_client.groups.queue import AsyncQueueGroup, QueueGroup
from dealwright_client.groups.sandbox import AsyncSandboxGroup, SandboxGroup
from dealwright_client.groups.schema import AsyncSchemaGroup, SchemaGroup
from dealwright_client.groups.search import AsyncSearchGroup, SearchGroup
from dealwright_client.groups.team import AsyncTeamGroup, TeamGroup
from dealwright_client.groups.tenant_public_key import AsyncTenantPublicKeyGroup, TenantPublicKeyGroup
from dealwright_client.groups.test_clock import AsyncTestClockGroup, TestClockGroup
from dealwright_client.groups.tools import AsyncToolsGroup, ToolsGroup
from dealwright_client.groups.trust import AsyncTrustGroup, TrustGroup
from dealwright_client.groups.uploads import AsyncUploadsGroup, UploadsGroup
from dealwright_client.groups.verify import AsyncVerifyGroup, VerifyGroup
from dealwright_client.groups.webhooks import AsyncWebhooksGroup, WebhooksGroup


class Groups(Caller):
    """The groups of a client."""

    @cached_property
    def activity(self) -> ActivityGroup:
        return ActivityGroup(self)

    @cached_property
    def activity_stream(self) -> ActivityStreamGroup:
        return ActivityStreamGroup(self)

    @cached_property
    def api(self) -> ApiGroup:
        return ApiGroup(self)

    @cached_property
    def audit(self) -> AuditGroup:
        return AuditGroup(self)

    @cached_property
    def auth(self) -> AuthGroup:
        return AuthGroup(self)

    @cached_property
    def batch(self) -> BatchGroup:
        return BatchGroup(self)

    @cached_property
    def contracts(self) -> ContractsGroup:
        return ContractsGroup(self)

    @cached_property
    def customers(self) -> CustomersGroup:
        return CustomersGroup(self)

    @cached_property
    def dashboard_stats(self) -> DashboardStatsGroup:
        return DashboardStatsGroup(self)

    @cached_property
    def deal_notifications(self) -> DealNotificationsGroup:
        return DealNotificationsGroup(self)

    @cached_property
    def deal_participants(self) -> DealParticipantsGroup:
        return DealParticipantsGroup(self)

    @cached_property
    def deal_templates(self) -> DealTemplatesGroup:
        return DealTemplatesGroup(self)

    @cached_property
    def deals(self) -> DealsGroup:
        return DealsGroup(self)

    @cached_property
    def did_document(self) -> DidDocumentGroup:
        return DidDocumentGroup(self)

    @cached_property
    def display_mode(self) -> DisplayModeGroup:
        return DisplayModeGroup(self)

    @cached_property
    def events(self) -> EventsGroup:
        return EventsGroup(self)

    @cached_property
    def health(self) -> HealthGroup:
        return HealthGroup(self)

    @cached_property
    def import_(self) -> ImportGroup:
        return ImportGroup(self)

    @cached_property
    def invitations(self) -> InvitationsGroup:
        return InvitationsGroup(self)

    @cached_property
    def onboarding(self) -> OnboardingGroup:
        return OnboardingGroup(self)

    @cached_property
    def password_reset(self) -> PasswordResetGroup:
        return PasswordResetGroup(self)

    @cached_property
    def payment_intent(self) -> PaymentIntentGroup:
        return PaymentIntentGroup(self)

    @cached_property
    def payments(self) -> PaymentsGroup:
        return PaymentsGroup(self)

    @cached_property
    def playground(self) -> PlaygroundGroup:
        return PlaygroundGroup(self)

    @cached_property
    def products(self) -> ProductsGroup:
        return ProductsGroup(self)

    @cached_property
    def queue(self) -> QueueGroup:
        return QueueGroup(self)

    @cached_property
    def sandbox(self) -> SandboxGroup:
        return SandboxGroup(self)

    @cached_property
    def schema(self) -> SchemaGroup:
        return SchemaGroup(self)

    @cached_property
    def search(self) -> SearchGroup:
        return SearchGroup(self)

    @cached_property
    def team(self) -> TeamGroup:
        return TeamGroup(self)

    @cached_property
    def tenant_public_key(self) -> TenantPublicKeyGroup:
        return TenantPublicKeyGroup(self)

    @cached_property
    def test_clock(self) -> TestClockGroup:
        return TestClockGroup(self)

    @cached_property
    def tools(self) -> ToolsGroup:
        return ToolsGroup(self)

    @cached_property
    def trust(self) -> TrustGroup:
        return TrustGroup(self)

    @cached_property
    def uploads(self) -> UploadsGroup:
        return UploadsGroup(self)

    @cached_property
    def verify(self) -> VerifyGroup:
        return VerifyGroup(self)

    @cached_property
    def webhooks(self) -> WebhooksGroup:
        return WebhooksGroup(self)


class AsyncGroups(AsyncCaller):
    """The groups of a client."""

    @cached_property
    def activity(self) -> AsyncActivityGroup:
        return AsyncActivityGroup(self)

    @cached_property
    def activity_stream(self) -> AsyncActivityStreamGroup:
        return AsyncActivityStreamGroup(self)

    @cached_property
    def api(self) -> AsyncApiGroup:
        return AsyncApiGroup(self)

    @cached_property
    def audit(self) -> AsyncAuditGroup:
        return AsyncAuditGroup(self)

    @cached_property
    def auth(self) -> AsyncAuthGroup:
        return AsyncAuthGroup(self)

    @cached_property
    def batch(self) -> AsyncBatchGroup:
        return AsyncBatchGroup(self)

    @cached_property
    def contracts(self) -> AsyncContractsGroup:
        return AsyncContractsGroup(self)

    @cached_property
    def customers(self) -> AsyncCustomersGroup:
        return AsyncCustomersGroup(self)

    @cached_property
    def dashboard_stats(self) -> AsyncDashboardStatsGroup:
        return AsyncDashboardStatsGroup(self)

    @cached_property
    def deal_notifications(self) -> AsyncDealNotificationsGroup:
        return AsyncDealNotificationsGroup(self)

    @cached_property
    def deal_participants(self) -> AsyncDealParticipantsGroup:
        return AsyncDealParticipantsGroup(self)

    @cached_property
    def deal_templates(self) -> AsyncDealTemplatesGroup:
        return AsyncDealTemplatesGroup(self)

    @cached_property
    def deals(self) -> AsyncDealsGroup:
        return AsyncDealsGroup(self)

    @cached_property
    def did_document(self) -> AsyncDidDocumentGroup:
        return AsyncDidDocumentGroup(self)

    @cached_property
    def display_mode(self) -> AsyncDisplayModeGroup:
        return AsyncDisplayModeGroup(self)

    @cached_property
    def events(self) -> AsyncEventsGroup:
        return AsyncEventsGroup(self)

    @cached_property
    def health(self) -> AsyncHealthGroup:
        return AsyncHealthGroup(self)

    @cached_property
    def import_(self) -> AsyncImportGroup:
        return AsyncImportGroup(self)

    @cached_property
    def invitations(self) -> AsyncInvitationsGroup:
        return AsyncInvitationsGroup(self)

    @cached_property
    def onboarding(self) -> AsyncOnboardingGroup:
        return AsyncOnboardingGroup(self)

    @cached_property
    def password_reset(self) -> AsyncPasswordResetGroup:
        return AsyncPasswordResetGroup(self)

    @cached_property
    def payment_intent(self) -> AsyncPaymentIntentGroup:
        return AsyncPaymentIntentGroup(self)

    @cached_property
    def payments(self) -> AsyncPaymentsGroup:
        return AsyncPaymentsGroup(self)

    @cached_property
    def playground(self) -> AsyncPlaygroundGroup:
        return AsyncPlaygroundGroup(self)

    @cached_property
    def products(self) -> AsyncProductsGroup:
        return AsyncProductsGroup(self)

    @cached_property
    def queue(self) -> AsyncQueueGroup:
        return AsyncQueueGroup(self)

    @cached_property
    def sandbox(self) -> AsyncSandboxGroup:
        return AsyncSandboxGroup(self)

    @cached_property
    def schema(self) -> AsyncSchemaGroup:
        return AsyncSchemaGroup(self)

    @cached_property
    def search(self) -> AsyncSearchGroup:
        return AsyncSearchGroup(self)

    @cached_property
    def team(self) -> AsyncTeamGroup:
        return AsyncTeamGroup(self)

    @cached_property
    def tenant_public_key(self) -> AsyncTenantPublicKeyGroup:
        return AsyncTenantPublicKeyGroup(self)

    @cached_property
    def test_clock(self) -> AsyncTestClockGroup:
        return AsyncTestClockGroup(self)

    @cached_property
    def tools(self) -> AsyncToolsGroup:
        return AsyncToolsGroup(self)

    @cached_property
    def trust(self) -> AsyncTrustGroup:
        return AsyncTrustGroup(self)

    @cached_property
    def uploads(self) -> AsyncUploadsGroup:
        return AsyncUploadsGroup(self)

    @cached_property
    def verify(self) -> AsyncVerifyGroup:
        return AsyncVerifyGroup(self)

    @cached_property
    def webhooks(self) -> AsyncWebhooksGroup:
        return AsyncWebhooksGroup(self)
